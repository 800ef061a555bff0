#pragma once

#include "runtime/net/cluster_tokens.hpp"
#include "runtime/net/token_ring.hpp"
#include "runtime/proto/runtime.pb.h"
#include "runtime/proto/tokens.pb.h"

#include <string>

namespace runtime {
namespace wire = caf_tune::runtime::v1;
}

/// What is said of a cluster's tokens. from_wire checks everything: bytes come from outside.
namespace runtime::token_wire {

wire::ClusterTokens to_wire(const token_ring& ring);
[[nodiscard]] result<token_ring> from_wire(const wire::ClusterTokens& message); ///< Quotes no token.

struct question {
  std::string name; ///< At most 255 bytes.
  std::uint64_t generation = 0;
  std::string not_kept; ///< At most 1,024 bytes.
};
question from_wire(const wire::AskTokens& message); ///< What is too long is cut.

wire::TokenReport to_wire(const cluster_tokens& report);
cluster_tokens from_wire(const wire::TokenReport& message);
wire::Failure to_wire(const error& why);

} // namespace runtime::token_wire
