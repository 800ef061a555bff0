#pragma once

#include <string>
#include <vector>

#include "runtime/node/node_state.hpp"

/// What a node keeps, in memory: it outlives the node, as a disk does.
struct memory_node_state : runtime::node_state {
  [[nodiscard]] runtime::result<void> save_cluster(const std::string& fingerprint) override {
    saved.push_back(fingerprint);
    return {};
  }
  std::string cluster() const { return saved.empty() ? std::string() : saved.back(); }

  std::vector<std::string> saved; ///< Each time anew, the newest last.
};
