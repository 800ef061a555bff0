#pragma once

#include "runtime/net/token_ring.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace runtime {

/// What a token file holds. Either 64 hexadecimal digits and a newline, one token, as it is made by the first head or
/// by hand; or, since the first rotation:
///
///   caf-tune tokens 1
///   cluster <fingerprint>
///   generation <number>
///   token <64 hexadecimal digits>     one to four times, the newest first
///
/// Errors say what would be right and quote nothing of the text.
[[nodiscard]] result<token_ring> parse_tokens(std::string_view text);

/// The same text, of one that was parsed. The caller wipes it.
std::string token_text(const token_ring& ring);

inline constexpr std::size_t longest_token_text = 1024; ///< In bytes; more is no token file.

} // namespace runtime
