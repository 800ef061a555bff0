#include "tune/store/checkpoint_keeper.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"

#include "tests/support/seeds.hpp"

using namespace tune;

namespace {

constexpr trial_id t{1};

checkpoint_ref at(iteration_number iteration, attempt_number attempt = 1) {
  return {iteration, attempt, "node-1", checkpoint_ref{}.directory, true, 10};
}

std::vector<iteration_number> iterations(const std::vector<checkpoint_ref>& all) {
  std::vector<iteration_number> out;
  for (const auto& each : all)
    out.push_back(each.iteration);
  return out;
}

std::vector<iteration_number> iterations(const checkpoint_keeper::removals& all) {
  std::vector<iteration_number> out;
  for (const auto& each : all)
    out.push_back(each.checkpoint.iteration);
  return out;
}

using list = std::vector<iteration_number>;

} // namespace

TEST_CASE("checkpoint keeper: the newest and the best are kept") {
  checkpoint_keeper keeper;

  CHECK(keeper.on_written(t, at(1), 0.5).empty());
  CHECK(keeper.on_written(t, at(2), 0.3).size() == 1);
  CHECK(iterations(keeper.kept(t)) == list{2});
  CHECK(keeper.on_written(t, at(3), 0.4).empty());
  CHECK(iterations(keeper.on_written(t, at(4), std::nan(""))) == list{3});
  CHECK(iterations(keeper.kept(t)) == list{2, 4});
  CHECK(keeper.to_restore(t)->iteration == 4);
}

TEST_CASE("checkpoint keeper: of an iteration the newer attempt's is kept, and twice the same changes nothing") {
  checkpoint_keeper keeper;
  CHECK(keeper.on_written(t, at(5, 2), 0.5).empty());
  CHECK(keeper.on_written(t, at(5, 2), 0.5).empty());

  CHECK(keeper.on_written(t, at(5, 1), 0.1).at(0).checkpoint == at(5, 1));
  CHECK(keeper.on_written(t, at(5, 3), 0.5).at(0).checkpoint == at(5, 2));
  CHECK(keeper.to_restore(t) == at(5, 3));
}

TEST_CASE("checkpoint keeper: what somebody holds stays until he gives it back, whoever else ends") {
  checkpoint_keeper keeper;
  CHECK(keeper.on_written(t, at(1), 0.5).empty());
  CHECK(keeper.hold(t, at(1)));
  CHECK(keeper.hold(t, at(1)));
  CHECK(keeper.on_written(t, at(2), 0.1).empty());
  CHECK(iterations(keeper.on_abandoned(t)) == list{2});

  CHECK(keeper.release(t, at(1)).empty());
  CHECK(iterations(keeper.release(t, at(1))) == list{1});
  CHECK(keeper.release(t, at(1)).empty());
  CHECK_FALSE(keeper.hold(t, at(1)));
  CHECK(iterations(keeper.on_written(t, at(3), 0.1)) == list{3}); // Late.
  CHECK_FALSE(keeper.to_restore(t));
}

TEST_CASE("checkpoint keeper: when the newest is lost, the one before it is restored") {
  checkpoint_keeper keeper({/*newest=*/2, /*best=*/0});
  keeper.on_written(t, at(1), 0.5);
  keeper.on_written(t, at(2), 0.6);

  keeper.on_lost(t, at(2, 7)); // Of another attempt.
  CHECK(keeper.to_restore(t)->iteration == 2);
  keeper.on_lost(t, at(2));
  CHECK(keeper.to_restore(t)->iteration == 1);
  keeper.on_lost(t, at(1));
  CHECK_FALSE(keeper.to_restore(t));
}

TEST_CASE(
  "checkpoint keeper: whatever the history, newest, best and held ones are there, and nothing is removed twice") {
  for_each_seed(300, [](seed s) {
    runtime::random_stream random(s);
    const checkpoint_keeper_options options{1 + random.below(3), random.below(3)};
    checkpoint_keeper keeper(options);
    std::map<iteration_number, double> there; // The model: one attempt, what is on the disk.
    std::map<iteration_number, int> held;
    const auto remove = [&](const checkpoint_keeper::removals& gone) {
      for (const auto& each : gone) {
        REQUIRE(there.erase(each.checkpoint.iteration) == 1);
        REQUIRE(held[each.checkpoint.iteration] == 0);
      }
    };
    iteration_number next = 0;
    for (int step = 0; step < 120; ++step) {
      const auto some = static_cast<iteration_number>(random.below(static_cast<std::uint64_t>(next) + 1));
      if (random.chance(0.4)) {
        const double loss = random.unit();
        there[++next] = loss;
        remove(keeper.on_written(t, at(next), loss));
      } else if (random.chance(0.4)) {
        const bool could = keeper.hold(t, at(some));
        REQUIRE(could == (there.count(some) == 1));
        held[some] += could ? 1 : 0;
      } else if (random.chance(0.8)) {
        held[some] = std::max(held[some] - 1, 0);
        remove(keeper.release(t, at(some)));
      } else {
        keeper.on_lost(t, at(some));
        there.erase(some);
        held[some] = 0;
      }
      list expected;
      for (const auto& [iteration, loss] : there)
        expected.push_back(iteration);
      REQUIRE(iterations(keeper.kept(t)) == expected);
      if (!there.empty())
        REQUIRE(keeper.to_restore(t)->iteration == there.rbegin()->first);
      std::size_t free = 0;
      for (const auto& each : expected)
        free += held[each] == 0 ? 1u : 0u;
      REQUIRE(free <= options.newest + options.best);
    }
    remove(keeper.on_abandoned(t));
    for (const auto& [iteration, loss] : there)
      REQUIRE(held[iteration] > 0);
  });
}
