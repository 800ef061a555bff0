#include "tune/searcher/trial_standing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune {
namespace {

constexpr double worst = std::numeric_limits<double>::infinity();

bool are_finite(const std::vector<double>& losses) {
  return !losses.empty() && std::all_of(losses.begin(), losses.end(), [](double each) { return std::isfinite(each); });
}

} // namespace

void trial_course::on_report(iteration_number iteration) {
  iteration_ = std::max(iteration_, iteration);
}

void trial_course::on_constraints(const std::vector<double>& violations) {
  violation_ = 0;
  for (const double each : violations)
    violation_ += std::isnan(each) ? worst : std::max(each, 0.0);
}

trial_standing trial_course::at_end(trial_outcome how, const std::vector<double>& losses) const {
  using kind = trial_standing::kind;
  if (how == trial_outcome::failed || (how == trial_outcome::completed && !are_finite(losses)))
    return {kind::failed};
  if (violation_ > 0)
    return {kind::infeasible, violation_};
  if (how == trial_outcome::stopped) {
    const bool is_comparable = losses.size() == 1 && std::isfinite(losses.front());
    return {kind::stopped, -static_cast<double>(iteration_), is_comparable ? losses.front() : worst};
  }
  if (losses.size() == 1)
    return {kind::completed, 0, losses.front()};
  return {kind::completed, 0, 0, losses};
}

} // namespace tune
