#include "tune/controller/stop_metrics_check.hpp"

#include "tune/space/near_name.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tune {
namespace {

bool is_filled_in(const std::string& metric) {
  return metric == "training_iteration" || metric == "time_total_s" || metric == "time_this_iter_s";
}

} // namespace

std::optional<std::string> stop_metrics_check::on_result(const metrics& values) {
  std::vector<std::string> names;
  for (const auto& each : values)
    names.push_back(each.first);
  std::vector<std::string> warnings;
  for (const auto& each : std::exchange(conditions_, {})) {
    if (is_filled_in(each.metric))
      continue;
    const auto* x = values.find(each.metric);
    if (x == nullptr)
      warnings.push_back(fmt::format("the first result has no \"{}\"{}", each.metric, hint(each.metric, names)));
    else if (!x->is_number() && !x->is_truth())
      warnings.push_back(fmt::format("\"{}\" is no number in the first result", each.metric));
  }
  if (warnings.empty())
    return std::nullopt;
  return fmt::format("stop: {}; such a condition ends no trial", fmt::join(warnings, ", "));
}

} // namespace tune
