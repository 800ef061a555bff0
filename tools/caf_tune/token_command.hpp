#pragma once

#include "tools/caf_tune/experiment_commands.hpp"

namespace tools {

/// Adds the commands that look at a cluster's tokens and change them while it runs: token list, rotate, end.
/// `json`: whether --json came before the command's name; `cluster`: which one was named there, or in the environment.
void add_token_commands(CLI::App& app, chosen_command& chosen, const bool& json, const cluster_wish& cluster,
                        const std::string& default_address);

} // namespace tools
