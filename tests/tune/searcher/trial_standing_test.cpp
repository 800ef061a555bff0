#include "tune/searcher/trial_standing.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

using namespace tune;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

trial_standing ended(trial_outcome how, std::vector<double> losses, iteration_number iteration = 0,
                     std::vector<double> violations = {}) {
  trial_course course;
  course.on_report(iteration);
  course.on_constraints(violations);
  return course.at_end(how, losses);
}

} // namespace

TEST_CASE("trial standing: completed, then stopped ones that went further, then infeasible ones, then failed ones") {
  using o = trial_outcome;
  const std::vector<trial_standing> ordered = {
    ended(o::completed, {-3}),
    ended(o::completed, {7}),
    ended(o::stopped, {100}, 9),
    ended(o::stopped, {std::nan("")}, 9),
    ended(o::stopped, {-100}, 5),
    ended(o::completed, {-100}, 9, {0.5, -7}),
    ended(o::stopped, {-100}, 9, {0.5, 0.1}),
    ended(o::completed, {-100}, 9, {std::nan("")}),
    ended(o::failed, {-100}, 9),
  };
  for (std::size_t i = 0; i < ordered.size(); ++i)
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      INFO(i, " ", j);
      CHECK((ordered[i] < ordered[j]) == (i < j));
    }
}

TEST_CASE("trial standing: losses that are no finite numbers are failures") {
  for (const double each : {infinite, -infinite, std::nan("")}) {
    CHECK(ended(trial_outcome::completed, {each}).how == trial_standing::kind::failed);
    CHECK(ended(trial_outcome::completed, {1, each}).how == trial_standing::kind::failed);
  }
  CHECK(ended(trial_outcome::completed, {}).how == trial_standing::kind::failed);
  CHECK(ended(trial_outcome::completed, {1, 2}).losses == losses_of_trial{1, 2});
}
