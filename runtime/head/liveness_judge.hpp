#pragma once

#include "runtime/base/id.hpp"

namespace runtime {

/// Watches whether nodes still answer, on links that nothing else can delay. Its verdicts reach the head_actor as
/// node_silent and node_heard_again, which it sends from its own thread.
class liveness_judge {
public:
  virtual ~liveness_judge() = default;
  /// From the head's thread; must not block. A node that is watched already is watched as this start of it.
  virtual void watch(node_id node, incarnation start) = 0;
  virtual void forget(node_id node) = 0;
};

/// To the head_actor: the node has not answered for too long. It is declared dead.
struct node_silent {
  node_id node;
  incarnation start;
};

/// To the head_actor: a node that was silent answers again.
struct node_heard_again {
  node_id node;
  incarnation start;
};

} // namespace runtime
