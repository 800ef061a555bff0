#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace tools {

// The number that a flag was given: none where it was not given (`text` is empty), or where it is wrong, which is added
// to the mistakes.

/// In digits and nothing else: CLI11 takes -1 for a large number.
std::optional<std::uint64_t> whole_number(const char* flag, const std::string& text, std::vector<std::string>& mistakes,
                                          std::uint64_t least = 0,
                                          std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

std::optional<double> number(const char* flag, const std::string& text, std::vector<std::string>& mistakes);

} // namespace tools
