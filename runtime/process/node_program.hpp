#pragma once

namespace runtime {

/// All of caf-tune-node: reads the command line, runs until it is told to go, and gives the exit code.
[[nodiscard]] int run_node_program(int argc, char** argv);

/// Whether this process was started by a test_cluster to be one of its nodes.
[[nodiscard]] bool is_node_child_process();
/// Runs it, with the command line that the environment holds.
[[nodiscard]] int run_node_child_process();

} // namespace runtime
