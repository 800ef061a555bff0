#pragma once

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

namespace runtime {

struct heartbeat_judge_options {
  /// More than the nodes' fence_after: a node must have killed its workers before its trials are given to others.
  core_clock::duration silent_after = std::chrono::seconds(5);
};
[[nodiscard]] result<void> validate(const heartbeat_judge_options& options);

/// The head's side of liveness: which of the nodes it watches have been silent for too long. A node's incarnation tells
/// it from the process that ran there before: heartbeats of another one mean nothing.
class heartbeat_judge_core {
public:
  struct silent {
    node_id node;
    incarnation life;
    core_clock::duration silence;
  }; ///< Once, until it is heard again.
  struct back {
    node_id node;
    incarnation life;
  }; ///< A silent node was heard again.
  using action = std::variant<silent, back>;
  using actions = std::vector<action>;

  explicit heartbeat_judge_core(const heartbeat_judge_options& options);

  void watch(node_id node, incarnation life, instant now); ///< Counts as heard now; replaces an older incarnation.
  void forget(node_id node);                               ///< Says nothing of it any more.
  bool is_watched(node_id node, incarnation life) const;

  actions on_heartbeat(node_id node, incarnation life, instant now); ///< Of a node that is not watched: nothing.
  actions on_time(instant now);                                      ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const;                            ///< When on_time() is due next, if ever.

private:
  struct watched {
    incarnation life;
    instant heard;
    bool is_silent = false;
  };
  heartbeat_judge_options options_;
  std::map<node_id, watched> nodes_;
  std::set<std::pair<instant, node_id>> heard_; ///< Nodes that are not silent; the one heard longest ago first.
};

} // namespace runtime
