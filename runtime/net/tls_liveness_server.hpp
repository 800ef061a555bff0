#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/heartbeat_judge_core.hpp"
#include "runtime/net/liveness_link.hpp"
#include "runtime/net/tls_session.hpp"

#include <chrono>
#include <memory>

#include <spdlog/fwd.h>

namespace runtime {

struct liveness_server_options {
  heartbeat_judge_options judge;
  std::chrono::milliseconds handshake_deadline{2000}; ///< To prove the token and send the first heartbeat.
  std::chrono::milliseconds idle_limit{30'000}; ///< Without a heartbeat of any node; more than judge.silent_after.
  /// Nodes whose link was made with a token that was ended have so long for a new one.
  std::chrono::milliseconds ended_token_grace{10'000};
  std::size_t most_strangers = 64;       ///< Connections that have not proved the token.
  std::size_t most_connections = 10'000; ///< All connections; the newest is refused.
};
[[nodiscard]] result<void> validate(const liveness_server_options& options);

/// The real liveness server: a TLS port and a thread of its own, so that neither trials nor transfers can delay it. An
/// empty address is every IPv4 address, port 0 one that the kernel chooses. Without a logger, spdlog's default one.
[[nodiscard]] result<std::unique_ptr<liveness_server>>
listen_for_heartbeats(const std::string& address, std::uint16_t port, std::shared_ptr<const tls_context> context,
                      const liveness_server_options& options = {}, std::shared_ptr<spdlog::logger> log = nullptr);

} // namespace runtime
