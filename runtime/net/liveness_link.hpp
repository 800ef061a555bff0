#pragma once

#include "runtime/base/id.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace runtime {

/// The node's end of the link that only tells who lives. The real one is tls_liveness_client, a simulation has its own.
class liveness_client {
public:
  /// Called on a thread of the link's own; they must not block. A shell sends itself a message.
  struct callbacks {
    std::function<void()> on_fence;    ///< Kill all workers and take no orders: others may be given our trials soon.
    std::function<void()> on_unfenced; ///< The head hears us again.
  };
  virtual ~liveness_client() = default; ///< Afterwards there are no more calls.

  /// Sends heartbeats there from now on. Again, with another endpoint, when the head has moved: what counts as silence
  /// goes on. Any thread, returns at once.
  virtual void start(const std::string& host, std::uint16_t port, node_id node, incarnation life, callbacks tell) = 0;
};

/// The head's end.
class liveness_server {
public:
  /// Called on a thread of the link's own; they must not block.
  struct callbacks {
    std::function<void(node_id, incarnation)> on_silent;      ///< Unheard for too long; it has fenced itself by now.
    std::function<void(node_id, incarnation)> on_heard_again; ///< A silent one spoke.
  };
  virtual ~liveness_server() = default; ///< Afterwards there are no more calls.

  virtual void start(callbacks tell) = 0; ///< Once, before anything is watched.
  virtual std::uint16_t port() const = 0; ///< Where nodes connect to.
  /// Any thread, return at once. Only what is watched is answered: a node that this head does not know fences itself.
  virtual void watch(node_id node, incarnation life) = 0; ///< Counts as heard now; replaces an older incarnation.
  virtual void forget(node_id node) = 0;
};

} // namespace runtime
