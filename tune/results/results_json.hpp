#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "tune/results/experiment_view.hpp"

/// An experiment for programs. Fields may be added, never renamed.
namespace tune {

/// {"trial", "config", "metrics", "iterations", "path", ..}. `directory`: the experiment's.
nlohmann::ordered_json best_json(const trial_view& best, const std::string& directory);
/// [{"trial", "state", "config", "metrics", "iterations", "attempts": [{"attempt", "node", "cause", "iterations"}],
///   "error", ..}], by their numbers.
nlohmann::ordered_json trials_json(const experiment_view& view, const std::string& directory);
/// {"experiment", "path", "best", "trials": {state: count}, "seconds"}: what a program prints at its end. `best` is
/// null if no trial has the metric.
nlohmann::ordered_json experiment_json(const experiment_view& view, const std::string& directory, double seconds);

/// As the commands print them: indented, in UTF-8 whatever the names are, with a newline.
std::string document(const nlohmann::ordered_json& json);

} // namespace tune
