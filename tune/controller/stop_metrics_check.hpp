#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/controller/stop_condition.hpp"

namespace tune {

/// Looks for stop conditions that can perhaps never hold: on a metric that the first result does not have, such as one
/// that is misspelt, or that is no number. No error: a trainable may report a metric now and then only.
class stop_metrics_check {
public:
  explicit stop_metrics_check(std::vector<stop_condition> conditions) : conditions_(std::move(conditions)) {}

  /// A warning for people, of all such conditions; at the first result only.
  [[nodiscard]] std::optional<std::string> on_result(const metrics& values);

private:
  std::vector<stop_condition> conditions_; ///< Not looked at yet.
};

} // namespace tune
