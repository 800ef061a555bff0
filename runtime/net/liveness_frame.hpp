#pragma once

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace runtime {

/// All that is said on a liveness link, in either direction: 32 bytes, of one version.
struct liveness_frame {
  enum class kind : std::uint8_t { heartbeat = 1, answer = 2 };
  kind what = kind::heartbeat;
  node_id node;
  incarnation life;
  instant sent; ///< By the node's clock; the answer repeats it.

  friend bool operator==(const liveness_frame& a, const liveness_frame& b) {
    return a.what == b.what && a.node == b.node && a.life == b.life && a.sent == b.sent;
  }
};

using liveness_bytes = std::array<std::uint8_t, 32>;

liveness_bytes encode(const liveness_frame& frame);
[[nodiscard]] std::optional<liveness_frame> decode(const liveness_bytes& bytes); ///< Nothing: not such a frame.

} // namespace runtime
