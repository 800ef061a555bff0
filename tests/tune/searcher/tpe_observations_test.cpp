#include "tune/searcher/tpe_observations.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"

using namespace tune;

namespace {

using kind = trial_standing::kind;
using keys = std::vector<tpe_observations::key>;

constexpr double infinite = std::numeric_limits<double>::infinity();

keys keys_of(const std::vector<parzen_kernels::observation>& all) {
  keys found;
  for (const auto& each : all)
    found.push_back(each.which);
  return found;
}

void add_and_end(tpe_observations& to, tpe_observations::key which, const trial_standing& how) {
  to.add(which, {{static_cast<double>(which)}, {0}});
  to.end(which, how);
}

/// Trials 1 to `count`; a few of them are pending, failed or were stopped.
struct history {
  history(std::uint64_t count, seed s) {
    chance random(s, "history", 0);
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto loss = static_cast<double>(random.below(1000));
      if (random.happens(0.1))
        all.emplace_back(i, trial_standing{kind::failed});
      else if (random.happens(0.3))
        all.emplace_back(i, trial_standing{kind::stopped, -static_cast<double>(random.below(5)), loss});
      else
        all.emplace_back(i, trial_standing{kind::completed, 0, loss});
    }
  }
  std::vector<std::pair<tpe_observations::key, trial_standing>> all;
};

} // namespace

TEST_CASE(
  "tpe observations: completed ones come first, then who went further, NaN after numbers, then the infeasible") {
  tpe_observations seen(1, 25);
  add_and_end(seen, 0, {kind::completed, 0, 3});
  add_and_end(seen, 1, {kind::completed, 0, 1});
  add_and_end(seen, 2, {kind::completed, 0, 2});
  add_and_end(seen, 3, {kind::stopped, -5, 0.5});
  add_and_end(seen, 4, {kind::stopped, -9, 9.0});
  add_and_end(seen, 5, {kind::stopped, -9, infinite});
  add_and_end(seen, 6, {kind::infeasible, 2});
  add_and_end(seen, 7, {kind::infeasible, 1});
  add_and_end(seen, 8, {kind::failed});
  seen.add(9, {{9}, {0}});

  CHECK(keys_of(seen.divide(1).good) == keys{1});
  CHECK(keys_of(seen.divide(5).good) == keys{0, 1, 2, 4, 5});
  CHECK(keys_of(seen.divide(7).good) == keys{0, 1, 2, 3, 4, 5, 7});
  CHECK(keys_of(seen.divide(20).good) == keys{0, 1, 2, 3, 4, 5, 6, 7}); // Never a failed or a pending one.
  CHECK(keys_of(seen.divide(5).bad) == keys{3, 6, 7, 8, 9});
  CHECK(seen.ended() == 9);
}

TEST_CASE("tpe observations: ties are broken by the trial's number") {
  tpe_observations seen(1, 25);
  for (tpe_observations::key i : {4, 2, 3, 1})
    add_and_end(seen, i, {kind::completed, 0, 7});

  CHECK(keys_of(seen.divide(2).good) == keys{1, 2});
}

TEST_CASE("tpe observations: weights are improvements over the best of the rest, the prior's is their mean") {
  tpe_observations seen(1, 25);
  add_and_end(seen, 1, {kind::completed, 0, 6});
  add_and_end(seen, 2, {kind::completed, 0, 2});
  add_and_end(seen, 3, {kind::completed, 0, 10});
  add_and_end(seen, 4, {kind::stopped, -3, -100});

  CHECK(seen.divide(2).weights == std::vector<double>{0.75, 0.5, 1});
  CHECK(seen.divide(1).weights == std::vector<double>{1, 1});
  CHECK(seen.divide(3).weights == std::vector<double>(4, 1)); // What was stopped says nothing of their distances.
  CHECK(seen.divide(0).weights == std::vector<double>{1});
}

TEST_CASE("tpe observations: equal losses have equal weights") {
  tpe_observations seen(1, 25);
  for (tpe_observations::key i = 1; i <= 9; ++i)
    add_and_end(seen, i, {kind::completed, 0, 1e300});

  CHECK(seen.divide(2).weights == std::vector<double>{1, 1, 1});
}

TEST_CASE("tpe observations: what is forgotten was never there") {
  tpe_observations seen(1, 25);
  seen.add(1, {{1}, {0}});
  seen.forget(1);
  seen.end(1, {kind::completed, 0, 1});

  CHECK(seen.ended() == 0);
  CHECK(seen.divide(1).bad.empty());
}

TEST_CASE("tpe observations: the order in which trials end does not matter") {
  for_each_seed(20, [](seed s) {
    const history happened(1500, s);
    auto shuffled = happened.all;
    chance random(s, "shuffle", 0);
    for (std::size_t i = shuffled.size(); i > 1; --i)
      std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    tpe_observations in_order(s, 25);
    tpe_observations in_disorder(s, 25);
    for (const auto& [which, how] : happened.all)
      add_and_end(in_order, which, how);
    for (const auto& [which, how] : shuffled)
      add_and_end(in_disorder, which, how);

    const auto one = in_order.divide(25);
    const auto other = in_disorder.divide(25);
    CHECK(keys_of(one.good) == keys_of(other.good));
    CHECK(keys_of(one.bad) == keys_of(other.bad));
    CHECK(one.weights == other.weights);
  });
}

TEST_CASE("tpe observations: however many there were, it divides as if it had kept them all") {
  for_each_seed(5, [](seed s) {
    const history happened(3000, s);
    tpe_observations seen(s, 25);
    for (const auto& [which, how] : happened.all)
      add_and_end(seen, which, how);
    auto ranked = happened.all;
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    keys best;
    for (std::size_t i = 0; i < 25; ++i)
      best.push_back(ranked[i].first);
    std::sort(best.begin(), best.end());

    const auto halves = seen.divide(25);
    CHECK(keys_of(halves.good) == best);
    const auto bad = keys_of(halves.bad);
    CHECK(bad.size() == tpe_observations::most_newest + tpe_observations::most_sampled);
    std::size_t newest = 0; // The newest 256 that are not good are all there.
    for (std::uint64_t i = 3000; newest < tpe_observations::most_newest; --i)
      if (!std::binary_search(best.begin(), best.end(), i)) {
        CHECK(std::binary_search(bad.begin(), bad.end(), i));
        ++newest;
      }
  });
}

TEST_CASE("tpe observations: with several objectives the good ones are those that none dominates") {
  tpe_observations seen(1, 25);
  add_and_end(seen, 1, {kind::completed, 0, 0, {5, 5}});
  add_and_end(seen, 2, {kind::completed, 0, 0, {0, 4}});
  add_and_end(seen, 3, {kind::completed, 0, 0, {4, 0}});
  add_and_end(seen, 4, {kind::stopped, -3, infinite});
  add_and_end(seen, 5, {kind::failed});

  CHECK(keys_of(seen.divide(2).good) == keys{2, 3});
  CHECK(keys_of(seen.divide(4).good) == keys{1, 2, 3, 4});
  CHECK(seen.divide(3).weights == std::vector<double>(4, 1));
}

TEST_CASE("tpe observations: of several objectives it keeps every trial that none dominates, however old") {
  tpe_observations seen(1, 25);
  add_and_end(seen, 1, {kind::completed, 0, 0, {-1, 9}});
  for (tpe_observations::key i = 2; i <= 3000; ++i)
    add_and_end(seen, i, {kind::completed, 0, 0, {10 + static_cast<double>(i % 7), 10 + static_cast<double>(i % 5)}});

  CHECK(keys_of(seen.divide(1).good) == keys{1});
}
