#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/cluster.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// A checkpoint_keeper_actor on each node where a driver needs one, spawned when it does. Any thread calls; calls wait
/// for the node.
class checkpoint_keepers {
public:
  explicit checkpoint_keepers(runtime::cluster& cluster) : cluster_(cluster) {}
  ~checkpoint_keepers() { end(); }

  /// node_lost: the node is not there, or has gone meanwhile.
  [[nodiscard]] result<runtime::remote_actor> on(const std::string& node);
  std::vector<std::string> nodes(); ///< That there are now; those that leave are not among them.
  void end();                       ///< All of them.

private:
  bool is_there(const std::string& node);

  runtime::cluster& cluster_;
  std::mutex mutex_;
  std::map<std::string, runtime::remote_actor> keepers_; ///< By node.
};

} // namespace tune
