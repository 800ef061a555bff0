#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runtime {

/// How many bytes of valid UTF-8 the text begins with, of one character; 0: none, or the text is empty.
[[nodiscard]] std::size_t utf8_character_bytes(std::string_view text) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// The text, if it is valid; otherwise with U+FFFD, the replacement character, for each byte that belongs to none.
[[nodiscard]] std::string made_utf8(std::string_view text);

} // namespace runtime
