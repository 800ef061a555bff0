#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runtime {

/// The most that an error's text takes when it leaves its process: enough for a stack trace.
inline constexpr std::size_t most_text_bytes = 16u << 10;

/// Text from a user's program, as other processes, files and terminals can take it: valid UTF-8 of at most `most`
/// bytes, which are at least 64. Bytes that are none become U+FFFD; what is too long is cut between two characters and
/// ends with "… (N more bytes)". Short text stays as it is, so that it may be shortened again at each border.
[[nodiscard]] std::string short_text(std::string_view text, std::size_t most = most_text_bytes);

} // namespace runtime
