#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/config.hpp"
#include "tune/objective.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Ends a trial when a metric reaches a bound: `{"accuracy", tune::at_least(0.99)}`. The metric may be one that the
/// trainable reports, or training_iteration, time_total_s or time_this_iter_s.
struct stop_condition {
  enum class relation { at_least, at_most };
  struct bound_of {
    relation when;
    double bound;
  };

  stop_condition(std::string m, relation w, double b) : metric(std::move(m)), when(w), bound(b) {}
  stop_condition(std::string m, bound_of b) : stop_condition(std::move(m), b.when, b.bound) {}

  std::string metric;
  relation when = relation::at_least;
  double bound = 0;

  friend bool operator==(const stop_condition& a, const stop_condition& b) {
    return a.metric == b.metric && a.when == b.when && a.bound == b.bound;
  }
};

inline stop_condition::bound_of at_least(double bound) {
  return {stop_condition::relation::at_least, bound};
}
inline stop_condition::bound_of at_most(double bound) {
  return {stop_condition::relation::at_most, bound};
}

/// Why a result ends its trial: "accuracy is 0.991, at least 0.99"; none if it does not. NaN reaches no bound.
[[nodiscard]] std::optional<std::string> reached(const std::vector<stop_condition>& conditions, const metrics& values,
                                                 iteration_number iteration, double time_this_iteration_s,
                                                 double time_total_s);

/// The first iteration after this one whose result may reach a bound; the greatest number: none.
[[nodiscard]] iteration_number first_that_may_reach(const std::vector<stop_condition>& conditions,
                                                    iteration_number after);

/// A bound that is not a number, and conditions that hold before anything was done or against the objective's
/// direction, such as at_least for a loss: mistakes, in words.
[[nodiscard]] std::vector<std::string> mistakes_of(const std::vector<stop_condition>& conditions,
                                                   const objective& goal);

} // namespace tune
