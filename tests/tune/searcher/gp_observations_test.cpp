#include "tune/searcher/gp_observations.hpp"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using kind = gp_observations::standing::kind;

void add_ended(gp_observations& to, std::uint64_t which, gp_observations::standing how) {
  to.add(which, {0.5}, Eigen::VectorXd{{0.5}});
  to.end(which, how);
}

std::set<std::uint64_t> keys_of(const gp_observations::list& some) {
  std::set<std::uint64_t> keys;
  for (const auto& each : some)
    keys.insert(each->which);
  return keys;
}

} // namespace

TEST_CASE("gp observations: all, until there are more than a model can hold") {
  gp_observations seen(1);
  for (std::uint64_t i = 1; i <= gp_observations::most; ++i)
    add_ended(seen, i, {kind::valued, 0});
  CHECK(seen.chosen().size() == gp_observations::most);
  add_ended(seen, 1000, {kind::valued, 5});

  CHECK(seen.chosen().size() == gp_observations::most);
  CHECK(seen.ended() == gp_observations::most + 1);
  CHECK(keys_of(seen.chosen()).count(1000) == 1);
}

TEST_CASE("gp observations: the best and the newest are kept, whatever the order in which trials end") {
  constexpr std::uint64_t count = 3000;
  gp_observations forwards(1);
  gp_observations backwards(1);
  const auto standing_of = [](std::uint64_t i) {
    return gp_observations::standing{kind::valued, std::abs(static_cast<double>(i) - 700.5)};
  };
  for (std::uint64_t i = 1; i <= count; ++i) {
    add_ended(forwards, i, standing_of(i));
    add_ended(backwards, count + 1 - i, standing_of(count + 1 - i));
  }
  const auto keys = keys_of(forwards.chosen());

  CHECK(keys == keys_of(backwards.chosen()));
  CHECK(keys.size() == gp_observations::most);
  for (std::uint64_t i = 651; i <= 750; ++i)
    REQUIRE(keys.count(i) == 1);
  for (std::uint64_t i = count - 49; i <= count; ++i)
    REQUIRE(keys.count(i) == 1);
  CHECK(forwards.best(1).front()->which == 700);
}

TEST_CASE("gp observations: of pending ones the newest, until they end or are forgotten") {
  gp_observations seen(1);
  for (std::uint64_t i = 1; i <= 100; ++i)
    seen.add(i, {0.5}, Eigen::VectorXd{{static_cast<double>(i)}});
  seen.end(100, {});
  seen.forget(99);
  seen.end(99, {});

  CHECK(seen.pending().size() == gp_observations::most_pending);
  CHECK(seen.pending().front()[0] == 98);
  CHECK(seen.ended() == 1);
}

TEST_CASE("gp observations: what violates constraints is worse than what does not, and what failed has no loss") {
  gp_observations seen(1);
  add_ended(seen, 1, {kind::valued, 2});
  add_ended(seen, 2, {kind::infeasible, 8});
  add_ended(seen, 3, {kind::failed, 0});
  add_ended(seen, 4, {kind::infeasible, 4});
  add_ended(seen, 5, {kind::valued, 6});
  add_ended(seen, 6, {kind::infeasible, INFINITY});
  const auto losses = gp_observations::losses_of(seen.chosen());

  CHECK(losses[0] == 2);
  CHECK(losses[1] == doctest::Approx(6 + 4 * 1.1));
  CHECK(std::isnan(losses[2]));
  CHECK(losses[3] == doctest::Approx(6 + 4 * 0.6));
  CHECK(losses[4] == 6);
  CHECK(std::isnan(losses[5]));
}

TEST_CASE("gp observations: where everything violates constraints, it is by how much") {
  gp_observations seen(1);
  add_ended(seen, 1, {kind::infeasible, 8});
  add_ended(seen, 2, {kind::infeasible, 3});

  CHECK(gp_observations::losses_of(seen.chosen()) == std::vector<double>{8, 3});
}
