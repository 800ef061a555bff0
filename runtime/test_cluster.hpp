#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/cluster.hpp"

namespace runtime {

/// What a test's node is made with; the defaults suit most tests.
struct test_node_options {
  resource_set resources; ///< Empty: those of the cluster's other nodes.
  label_map labels;
  std::string name; ///< Empty: "node-1", "node-2", … 1 to 63 characters without spaces.
};

/// A cluster for a test: a head in this process, and nodes that are processes of their own, with state directories of
/// their own, so that they can be killed and stopped. Ports are the kernel's choice. The test program is its own node
/// and worker: its main() begins with runtime::session, runtime::run_if_child_process(), or is caf_tune::doctest_main.
/// Everything ends with this object. Waits are for events; their deadline is for tests that fail.
/// One thread uses it, the one that made it (its nodes end with that thread); driver() may be used by any.
class test_cluster {
public:
  /// Returns when all nodes have joined. Throws runtime::failure where that does not happen.
  explicit test_cluster(std::size_t nodes = 1, resource_set each = cpus(1));
  ~test_cluster();
  test_cluster(const test_cluster&) = delete;
  test_cluster& operator=(const test_cluster&) = delete;

  runtime::cluster& driver(); ///< Of this process.
  /// For other drivers, as --address and --token-file.
  const std::string& address() const;
  const std::string& token_file() const;

  std::vector<std::string> nodes() const; ///< Names of those that were started and not killed.
  /// Returns its name when it has joined. One of a name that was killed or drained is that machine started
  /// again, with the same state directory, when the earlier one has ended. Throws runtime::failure: already_exists (a
  /// name that is in use, or "head"), invalid_argument (a bad name, label or resource), node_lost (its process ended
  /// before it joined; with its log).
  std::string add_node(test_node_options options = {});
  // Each of these throws runtime::failure (not_found) for a name that is not in nodes().
  void kill_node(const std::string& name);     ///< kill -9; its workers die with it.
  void stop_node(const std::string& name);     ///< SIGSTOP: it and its workers fall silent.
  void continue_node(const std::string& name); ///< SIGCONT.
  void drain_node(const std::string& name);    ///< SIGTERM: leaves in good order.

  /// Waits until the head sees it so; throws runtime::failure with all that the head knows when it does not.
  /// `is_so` is asked at once, and again each time that the head has heard something: of a node, a driver, an actor.
  void wait_until(const std::string& what, const std::function<bool(const cluster_state&)>& is_so,
                  std::chrono::milliseconds deadline = std::chrono::seconds(60));
  void wait_for_node(const std::string& name);    ///< It has joined.
  void wait_for_no_node(const std::string& name); ///< The head has given it up.

  /// What a node has written to its log so far, also one that was killed. Empty for a name that there never was.
  std::string log_of(const std::string& node) const;

private:
  class implementation;
  std::unique_ptr<implementation> how_;
};

} // namespace runtime
