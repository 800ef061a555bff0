#include "tune/searcher/crowded_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"

using namespace tune;

namespace {

using points = std::vector<losses_of_trial>;
using places = std::vector<std::size_t>;

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Few values, so that many are equal.
points any_points(chance& random, std::size_t count, std::size_t objectives) {
  points all(count);
  for (auto& each : all)
    for (std::size_t j = 0; j < objectives; ++j)
      each.push_back(static_cast<double>(random.below(8)));
  return all;
}

/// By the definition: what is left after those that none of the rest dominates were taken, again and again.
std::vector<places> peeled(const points& all) {
  places left;
  for (std::size_t i = 0; i < all.size(); ++i)
    left.push_back(i);
  std::vector<places> ranks;
  while (!left.empty()) {
    places rank;
    places rest;
    for (const auto i : left) {
      const bool is_dominated =
        std::any_of(left.begin(), left.end(), [&](std::size_t each) { return dominates(all[each], all[i]); });
      (is_dominated ? rest : rank).push_back(i);
    }
    ranks.push_back(std::move(rank));
    left = std::move(rest);
  }
  return ranks;
}

trial_standing completed(losses_of_trial losses) {
  return trial_course().at_end(trial_outcome::completed, losses);
}

trial_standing stopped(iteration_number iteration, losses_of_trial losses) {
  trial_course course;
  course.on_report(iteration);
  return course.at_end(trial_outcome::stopped, losses);
}

trial_standing infeasible(double violation, losses_of_trial losses) {
  trial_course course;
  course.on_constraints({violation, -1});
  return course.at_end(trial_outcome::completed, losses);
}

} // namespace

TEST_CASE("crowded order: ranks of some points") {
  CHECK(pareto_ranks({}).empty());
  CHECK(pareto_ranks({{5, 5}, {0, 4}, {4, 0}, {1, 1}, {3, 3}}) == std::vector<places>{{1, 2, 3}, {4}, {0}});
  CHECK(pareto_ranks({{1, 1}, {2, 1}, {1, 1}, {1, 2}}) == std::vector<places>{{0, 2}, {1, 3}});
  CHECK(pareto_ranks({{3}, {1}, {2}, {1}}) == std::vector<places>{{1, 3}, {2}, {0}});
  CHECK(pareto_ranks({{1, 2, 3}, {3, 2, 1}, {2, 3, 3}, {3, 3, 3}}) == std::vector<places>{{0, 1}, {2}, {3}});
}

TEST_CASE("crowded order: ranks are what is left when those before were taken") {
  for_each_seed(100, [](seed s) {
    chance random(s, "points", 0);
    const auto all = any_points(random, random.below(60), 1 + random.below(4));
    REQUIRE(pareto_ranks(all) == peeled(all));
  });
}

TEST_CASE("crowded order: ranks only look at the order in each objective") {
  for_each_seed(20, [](seed s) {
    chance random(s, "points", 0);
    const auto all = any_points(random, 40, 3);
    auto warped = all;
    for (auto& each : warped)
      each = {std::exp(each[0]), -1 / (1 + each[1]), 1e300 * (each[2] - 3)};
    REQUIRE(pareto_ranks(warped) == pareto_ranks(all));
  });
}

TEST_CASE("crowded order: how lonely points are") {
  using distances = std::vector<double>;
  CHECK(crowding_distances({}).empty());
  CHECK(crowding_distances({{3, 4}}) == distances{0});
  CHECK(crowding_distances({{0, 4}, {1, 1}, {4, 0}}) == distances{infinite, 2, infinite});
  const auto five = crowding_distances({{7, 2}, {0, 10}, {1, 6}, {2, 5}, {10, 0}});
  CHECK(five[0] == doctest::Approx(0.8 + 0.5));
  CHECK(five[1] == infinite);
  CHECK(five[2] == doctest::Approx(0.2 + 0.5));
  CHECK(five[3] == doctest::Approx(0.6 + 0.4));
  CHECK(five[4] == infinite);
  // An objective in which all are equal says nothing; of equals the first and the last are at the ends.
  CHECK(crowding_distances({{1, 5}, {2, 5}, {5, 5}}) == distances{infinite, 1, infinite});
  CHECK(crowding_distances({{1, 1}, {1, 1}, {1, 1}}) == distances{0, 0, 0});
  CHECK(crowding_distances({{0, 5}, {0, 5}, {1, 5}, {1, 5}}) == distances{infinite, 1, 1, infinite});
}

TEST_CASE("crowded order: distances are shares of the range, however large that is") {
  const points plain = {{0, 4}, {1, 3}, {2, 1}, {4, 0}};
  points huge = plain;
  for (auto& each : huge)
    each = {each[0] * 0x1p1021 - 0x1p1022, each[1] * 0x1p-1000};
  CHECK(crowding_distances(huge) == crowding_distances(plain));
  CHECK(crowding_distances({{-1.7e308, 1.7e308}, {0, 0}, {1.7e308, -1.7e308}})[1] == doctest::Approx(2));
}

TEST_CASE("crowded order: by rank, then the lonelier first, then the older") {
  const std::vector<trial_standing> trials = {
    completed({2, 5}), completed({9, 9}),  completed({10, 0}), completed({1, 6}),
    completed({7, 2}), completed({0, 10}), completed({8, 9}),
  };
  // The first rank at its two ends, then 1.3, 1.0, 0.7; of the others one dominates the other.
  CHECK(crowded_order(trials) == places{2, 5, 4, 0, 3, 6, 1});
}

TEST_CASE("crowded order: feasible before infeasible ones, of which the less violate the better") {
  const std::vector<trial_standing> trials = {
    infeasible(0.5, {0, 0}), stopped(3, {0, 0}), completed({5, 5}),
    infeasible(0.1, {9, 9}), stopped(7, {9, 9}), completed({1, 1}),
  };
  CHECK(crowded_order(trials) == places{5, 2, 4, 1, 3, 0});
}

TEST_CASE("crowded order: of one objective it is the losses', and of equals the older is first") {
  const std::vector<trial_standing> trials = {completed({3}),     stopped(9, {0}), completed({1}),
                                              infeasible(1, {0}), completed({3}),  completed({1})};
  CHECK(crowded_order(trials) == places{2, 5, 0, 4, 1, 3});
}
