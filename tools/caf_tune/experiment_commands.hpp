#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

#include "tools/caf_tune/cluster_experiment.hpp"

namespace tools {

/// What is chosen on the command line: does it, and returns the exit code. Empty: nothing of these.
using chosen_command = std::function<int()>;

/// Adds the commands that look at an experiment's directory: trials, best, results, resume. `json`: whether --json came
/// before the command's name; `cluster`: which one was named there, or in the environment. Both are looked at when the
/// command runs.
void add_experiment_commands(CLI::App& app, chosen_command& chosen, const bool& json, const cluster_wish& cluster);

} // namespace tools
