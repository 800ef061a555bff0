#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/heartbeat_sender_core.hpp"
#include "runtime/net/liveness_link.hpp"
#include "runtime/net/resolver.hpp"
#include "runtime/net/tls_session.hpp"

#include <chrono>
#include <memory>

#include <spdlog/fwd.h>

namespace runtime {

struct liveness_client_options {
  heartbeat_sender_options sender;
  std::chrono::milliseconds dial_deadline{1000};    ///< TCP and TLS of one address; short, since the fence comes soon.
  std::chrono::milliseconds first_back_off{100};    ///< Before the first dial after a failure; doubles with each.
  std::chrono::milliseconds longest_back_off{1000}; ///< Less than fence_after, or a returned head is found too late.
};
[[nodiscard]] result<void> validate(const liveness_client_options& options);

/// The real liveness client: a TLS connection and a thread of its own, so that neither trials nor transfers can delay
/// it. Dials again for ever. Without a logger, spdlog's default one. The options must be valid.
[[nodiscard]] std::unique_ptr<liveness_client> make_liveness_client(std::shared_ptr<const tls_context> context,
                                                                    const liveness_client_options& options = {},
                                                                    std::shared_ptr<spdlog::logger> log = nullptr,
                                                                    resolver::lookup names = look_up);

} // namespace runtime
