#include "tools/caf_tune/flag_numbers.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

namespace tools {
namespace {

template <class Number>
std::optional<Number> read_whole(const std::string& text) {
  Number number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> whole_number(const char* flag, const std::string& text, std::vector<std::string>& mistakes,
                                          std::uint64_t least, std::uint64_t most) {
  if (text.empty())
    return std::nullopt;
  if (const auto number = read_whole<std::uint64_t>(text); number && *number >= least && *number <= most)
    return number;
  mistakes.push_back(fmt::format("{}: \"{}\" is no integer from {} to {}", flag, text, least, most));
  return std::nullopt;
}

std::optional<double> number(const char* flag, const std::string& text, std::vector<std::string>& mistakes) {
  if (text.empty())
    return std::nullopt;
  if (const auto read = read_whole<double>(text); read && std::isfinite(*read))
    return read;
  mistakes.push_back(fmt::format("{}: \"{}\" is no number", flag, text));
  return std::nullopt;
}

} // namespace tools
