#include "tune/controller/stop_condition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

std::optional<double> value_of(const std::string& metric, const metrics& values, iteration_number iteration,
                               double time_this_iteration_s, double time_total_s) {
  if (metric == "training_iteration")
    return static_cast<double>(iteration);
  if (metric == "time_total_s")
    return time_total_s;
  if (metric == "time_this_iter_s")
    return time_this_iteration_s;
  if (const auto* x = values.find(metric))
    return x->to_number();
  return std::nullopt;
}

const char* words_of(stop_condition::relation when) {
  return when == stop_condition::relation::at_least ? "at least" : "at most";
}

} // namespace

std::optional<std::string> reached(const std::vector<stop_condition>& conditions, const metrics& values,
                                   iteration_number iteration, double time_this_iteration_s, double time_total_s) {
  for (const auto& each : conditions) {
    const auto x = value_of(each.metric, values, iteration, time_this_iteration_s, time_total_s);
    if (x && (each.when == stop_condition::relation::at_least ? *x >= each.bound : *x <= each.bound))
      return fmt::format("{} is {}, {} {}", each.metric, *x, words_of(each.when), each.bound);
  }
  return std::nullopt;
}

iteration_number first_that_may_reach(const std::vector<stop_condition>& conditions, iteration_number after) {
  constexpr auto never = std::numeric_limits<iteration_number>::max();
  auto first = never;
  for (const auto& each : conditions) {
    if (each.metric != "training_iteration" || each.when != stop_condition::relation::at_least)
      return after + 1;
    if (const auto bound = std::ceil(each.bound); bound < 1e15) // Beyond that nobody counts.
      first = std::min(first, std::max(after + 1, static_cast<iteration_number>(bound)));
  }
  return first;
}

std::vector<std::string> mistakes_of(const std::vector<stop_condition>& conditions, const objective& goal) {
  std::vector<std::string> mistakes;
  for (const auto& each : conditions) {
    const bool counts_up =
      each.metric == "training_iteration" || each.metric == "time_total_s" || each.metric == "time_this_iter_s";
    if (each.metric.empty())
      mistakes.emplace_back("stop: a condition needs the name of a metric");
    else if (std::isnan(each.bound))
      mistakes.push_back(fmt::format("stop: \"{}\": its bound is not a number", each.metric));
    else if (counts_up && each.when == stop_condition::relation::at_most)
      mistakes.push_back(fmt::format(
        "stop: \"{}\" only grows, so \"at most {}\" ends every trial at once; use at_least", each.metric, each.bound));
    else if (counts_up && each.bound <= 0)
      mistakes.push_back(
        fmt::format("stop: \"{}\" is at least {} from the beginning; use more than 0", each.metric, each.bound));
    else if (each.metric == goal.metric &&
             (each.when == stop_condition::relation::at_least) != (goal.better == direction::maximize))
      mistakes.push_back(
        fmt::format("stop: \"{0}\" is {1}, but \"{2} {3}\" ends the trials that are worse; use {4}({3})", each.metric,
                    goal.better == direction::maximize ? "maximized" : "minimized", words_of(each.when), each.bound,
                    goal.better == direction::maximize ? "at_least" : "at_most"));
  }
  return mistakes;
}

} // namespace tune
