#pragma once

#include "runtime/net/tls_session.hpp"

#include <string_view>

namespace runtime {

/// HKDF-SHA256(token, info = purpose): another purpose is another key, and none tells anything of the token.
std::array<std::uint8_t, 32> derive_key(const cluster_token& token, std::string_view purpose);

} // namespace runtime
