#include "tune/spec/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto from = i;
    while (i < text.size() && is_digit(text[i]))
      ++i;
    return i - from;
  };
  const auto sign = [&] {
    if (i < text.size() && (text[i] == '-' || text[i] == '+'))
      ++i;
  };
  sign();
  auto before = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    before += digits();
  }
  if (before == 0)
    return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    sign();
    if (digits() == 0)
      return false;
  }
  return i == text.size();
}

template <class Number, class... How>
std::optional<Number> whole(std::string_view text, How... how) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number, how...);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

/// Whether a decimal number is 1 or more: by where its first digit that is not 0 stands, and its exponent.
bool is_large(std::string_view decimal) {
  const auto mantissa = decimal.substr(0, decimal.find_first_of("eE"));
  const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  const auto places = first < point ? point - first : point - first + 1; // 1 for 1.5, 0 for 0.15.
  if (mantissa.size() == decimal.size())
    return places > 0;
  auto exponent = decimal.substr(mantissa.size() + 1);
  const bool is_negative = exponent.front() == '-';
  if (is_negative || exponent.front() == '+')
    exponent.remove_prefix(1);
  const auto size = whole<std::int32_t>(exponent);
  return size ? places + (is_negative ? -*size : *size) > 0 : !is_negative;
}

/// Beyond what a double holds: an infinity, which no domain takes, or 0.
double number_of(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc::result_out_of_range && is_large(text))
    return (text.front() == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  return number;
}

json integer_or_number(std::string_view text) {
  if (text.find_first_of(".eE") == text.npos) {
    if (const auto integer = whole<std::int64_t>(text))
      return *integer;
    if (const auto integer = whole<std::uint64_t>(text))
      return *integer;
  }
  return number_of(text);
}

} // namespace

json yaml_scalar(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  std::string_view unsigned_text = text;
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    unsigned_text.remove_prefix(1);
  if (unsigned_text == ".inf" || unsigned_text == ".Inf" || unsigned_text == ".INF")
    return (text.front() == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
  if (text == ".nan" || text == ".NaN" || text == ".NAN")
    return std::numeric_limits<double>::quiet_NaN();
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o'))
    if (const auto integer = whole<std::uint64_t>(std::string_view(text).substr(2), text[1] == 'x' ? 16 : 8))
      return *integer;
  if (is_decimal(text))
    return integer_or_number(text.front() == '+' ? unsigned_text : std::string_view(text));
  return text;
}

} // namespace tune
