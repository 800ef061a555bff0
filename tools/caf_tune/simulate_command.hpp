#pragma once

#include "tools/caf_tune/experiment_commands.hpp"

namespace tools {

/// Adds the command that says how long a search would take on a cluster: simulate. `json`: whether --json came before
/// the command's name.
void add_simulate_command(CLI::App& app, chosen_command& chosen, const bool& json);

} // namespace tools
