#pragma once

#include <string>

#include "runtime/base/result.hpp"

namespace runtime {

/// What a node keeps across its starts and learns while it runs. The real one is file_node_state; a simulation has one
/// in memory.
class node_state {
public:
  virtual ~node_state() = default;

  /// The fingerprint of the cluster that welcomed this node. Called once in the life of a state: durable on return.
  [[nodiscard]] virtual result<void> save_cluster(const std::string& fingerprint) = 0;
};

} // namespace runtime
