#pragma once

#include <string_view>

namespace runtime {

/// The text without the blanks at both ends: spaces, tabs and ends of lines.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  constexpr auto blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace runtime
