#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tools {

/// What is chosen on the command line: does it, and returns the exit code. Empty: nothing of these.
using chosen_command = std::function<int()>;

/// Adds the commands that look at an experiment's directory: trials, best, results, resume. `json`: whether --json came
/// before the command's name.
void add_experiment_commands(CLI::App& app, chosen_command& chosen, const bool& json);

} // namespace tools
