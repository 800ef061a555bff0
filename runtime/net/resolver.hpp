#pragma once

#include "runtime/net/tcp_socket.hpp"

#include <functional>
#include <memory>

namespace runtime {

/// Turns names into addresses without holding up whoever asks: a lookup blocks for as long as a name server is silent,
/// so each has a thread of its own. Nothing is heard from a resolver that is gone; its threads end when they can.
class resolver {
public:
  using addresses = result<std::vector<socket_address>>;
  using lookup = std::function<addresses(const std::string& host, std::uint16_t port)>;
  using then = std::function<void(addresses)>;

  explicit resolver(lookup how = look_up, std::size_t most_at_once = 64);
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  /// Calls `done` once: at once for numbers or when too many lookups are under way, else on another thread. `done` must
  /// not block, nor call the resolver.
  void resolve(const std::string& host, std::uint16_t port, then done);

private:
  struct state;
  std::shared_ptr<state> state_; ///< Shared with the threads, which may outlive the resolver.
  std::size_t most_at_once_;
};

} // namespace runtime
