#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/tls_session.hpp"

#include <caf/actor.hpp>
#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <memory>
#include <optional>

#include <spdlog/fwd.h>

namespace runtime {

struct tls_options {
  std::chrono::milliseconds dial_deadline{5000}; ///< Name, TCP, TLS and first answer, over all addresses of a name.
  std::chrono::milliseconds handshake_deadline{2000}; ///< For who connects to us, to prove the token.
  std::size_t most_strangers = 64;                    ///< Connections to us that have not proved it yet.
  std::chrono::milliseconds silence_deadline{10'000}; ///< See limit_silence(). Longer than heartbeats take to judge.
  /// Links that were made with a token that was ended have so long to be vouched for; then they are ended, too.
  std::chrono::milliseconds ended_token_grace{10'000};
};
[[nodiscard]] result<void> validate(const tls_options& options); ///< Names every field that is out of range.

/// CAF's middleman actor interface over TLS, on the same BASP broker. The only way to other processes: what
/// `system.middleman()` offers itself is plain text. Lives no longer than the actor system; its destructor must run
/// before the system's.
///
/// Only one of two processes may dial the other. "connected" may be answered by a peer that was lost a moment ago:
/// monitor the handle at once. A request to a lost handle is never answered: always give a timeout.
class tls_middleman {
public:
  /// Without a logger, spdlog's default one. `names` is how names become addresses.
  tls_middleman(caf::actor_system& system, std::shared_ptr<const tls_context> context, tls_options options = {},
                std::shared_ptr<spdlog::logger> log = nullptr, resolver::lookup names = look_up);
  ~tls_middleman();
  tls_middleman(const tls_middleman&) = delete;
  tls_middleman& operator=(const tls_middleman&) = delete;

  /// Answers (publish_atom, port, actor, signatures, address, reuse) with the port, (connect_atom, host, port) with
  /// node, actor and signatures, and what else CAF's interface says but spawn. from_caf_error() turns its errors into
  /// ours. No connection is answered from a cache. A port is reusable at once whatever `reuse` says.
  caf::io::middleman_actor handle() const { return actor_; }

  /// Ends the connection to a peer that was declared dead, if there is one: whoever monitors an actor there hears that
  /// it is down, and the next dial makes a new connection. Returns at once.
  void disconnect(const caf::node_id& peer);

  /// Returns when CAF's network broker has read what it was sent before; after 5 s in any case.
  void settle();

  std::size_t strangers() const;             ///< Connections to us that have not proved the token yet.
  std::size_t links_of_older_tokens() const; ///< Links that nobody has vouched for with the newest token yet.

private:
  caf::actor_system& system_;
  std::shared_ptr<token_holder> tokens_;
  std::shared_ptr<class connection_table> connections_;
  std::shared_ptr<class link_voucher> voucher_;
  caf::actor broker_;
  caf::actor bouncer_;
  caf::actor dialler_;
  caf::io::middleman_actor actor_;
  std::optional<token_holder::listener> on_tokens_;
};

} // namespace runtime
