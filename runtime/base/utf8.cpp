#include "runtime/base/utf8.hpp"

namespace runtime {

std::size_t utf8_character_bytes(std::string_view text) noexcept { // What Unicode 15, table 3-7 allows.
  if (text.empty())
    return 0;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = at(0);
  if (first < 0x80)
    return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || text.size() < size)
    return 0;
  const int low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;  // No longer forms than needed,
  const int high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF; // no surrogates, nothing past U+10FFFF.
  if (at(1) < low || at(1) > high)
    return 0;
  for (std::size_t i = 2; i < size; ++i)
    if (at(i) < 0x80 || at(i) > 0xBF)
      return 0;
  return size;
}

std::string made_utf8(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  while (!text.empty()) {
    const auto size = utf8_character_bytes(text);
    made += size == 0 ? "\xEF\xBF\xBD" : text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return made;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto size = utf8_character_bytes(text);
    if (size == 0)
      return false;
    text.remove_prefix(size);
  }
  return true;
}

} // namespace runtime
