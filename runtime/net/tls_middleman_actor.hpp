#pragma once

#include "runtime/net/tls_session.hpp"

#include <caf/actor.hpp>
#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <memory>

namespace runtime {

struct tls_options {
  std::chrono::milliseconds handshake_deadline{2000}; ///< Connect, TCP and TLS together, on both sides.
  std::size_t most_strangers = 64;                    ///< Connections that have not proved the token yet.
  std::chrono::milliseconds silence_deadline{10'000}; ///< TCP_USER_TIMEOUT: sent but unacknowledged for so long.
};

/// CAF's middleman actor interface over TLS: the same messages as `system.middleman().actor_handle()`, the same BASP
/// broker behind. Lives no longer than the actor system; its destructor must run before the system's.
class tls_middleman {
public:
  tls_middleman(caf::actor_system& system, std::shared_ptr<const tls_context> context, tls_options options = {});
  ~tls_middleman();
  tls_middleman(const tls_middleman&) = delete;
  tls_middleman& operator=(const tls_middleman&) = delete;

  caf::io::middleman_actor handle() const { return actor_; }
  std::size_t strangers() const; ///< Connections that are shaking hands now.

private:
  caf::actor_system& system_;
  std::shared_ptr<class waiting_room> room_;
  caf::actor bouncer_;
  caf::io::middleman_actor actor_;
};

} // namespace runtime
