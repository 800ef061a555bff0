#include "tune/scheduler/threshold_stopping.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {

threshold_stopping::threshold_stopping(const threshold_options& options, const scheduler_setup& setup)
  : options_(options),
    setup_(setup) {
}

decision threshold_stopping::on_result(const scheduler_result& result) {
  if (result.iteration < options_.grace_period)
    return {};
  const double metric = to_loss(result.loss, setup_.better) + 0.0; // Its own inverse. Not -0.
  const auto stop = [&](const std::string& why) {
    return decision{verdict::stop, fmt::format("iteration {}: {}", result.iteration, why)};
  };
  if (std::isnan(metric))
    return stop("the metric is not a number");
  if (options_.lower && metric < *options_.lower)
    return stop(fmt::format("{:.6g} is below {:.6g}", metric, *options_.lower));
  if (options_.upper && metric > *options_.upper)
    return stop(fmt::format("{:.6g} is above {:.6g}", metric, *options_.upper));
  return {};
}

iteration_number threshold_stopping::next_judged(trial_id /*trial*/, iteration_number after) const {
  return std::max(after + 1, options_.grace_period);
}

} // namespace tune
