#pragma once

#include "tools/caf_tune/experiment_commands.hpp"

namespace tools {

/// Adds the command by which a program in any language uses the searchers and schedulers: ask-tell. `json`: whether
/// --json came before the command's name.
void add_ask_tell_command(CLI::App& app, chosen_command& chosen, const bool& json);

} // namespace tools
