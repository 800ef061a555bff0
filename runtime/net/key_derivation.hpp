#pragma once

#include "runtime/net/token_ring.hpp"

#include <string>
#include <string_view>

namespace runtime {

/// HKDF-SHA256(token, info = purpose): another purpose is another key, and none tells anything of the token.
std::array<std::uint8_t, 32> derive_key(const cluster_token& token, std::string_view purpose);

/// 16 hexadecimal digits that name a token in files, messages and handshakes, and tell nothing of it. That of a
/// cluster's first token names the cluster.
[[nodiscard]] std::string fingerprint(const cluster_token& token);

std::string hex_of(const std::uint8_t* bytes, std::size_t count); ///< In lower case.

/// The token with its name.
[[nodiscard]] good_token named(const cluster_token& token);

} // namespace runtime
