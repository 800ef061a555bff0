#include "runtime/resources/amount.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace runtime {

namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

/// A value as the user wrote it; in quotes where it would not stand out as one word.
std::string shown(std::string_view text) {
  constexpr auto plain = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-";
  if (text.empty() || text.find_first_not_of(plain) != std::string_view::npos)
    return fmt::format("{:?}", text); // Escapes what a terminal should not see.
  return std::string(text);
}

tl::unexpected<error> not_an_amount(std::string_view what) {
  return fail(errc::invalid_argument, fmt::format("{} is not an amount; use 0 to 1e14 in steps of 0.0001", what));
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Reads the exponent behind "e"; nothing if it is none, or so large that no amount has it.
std::optional<int> read_exponent(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    text.remove_prefix(1);
  if (text.empty() || text.size() > 2)
    return std::nullopt;
  int exponent = 0;
  for (char c : text) {
    if (!is_digit(c))
      return std::nullopt;
    exponent = exponent * 10 + (c - '0');
  }
  return negative ? -exponent : exponent;
}

/// Reads 12, 1.5, .5, 1e3 in steps of 0.0001. By hand, since a double cannot hold 1e14 and the fourth decimal.
std::optional<std::int64_t> read_steps(std::string_view text) {
  int exponent = 4;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    const auto written = read_exponent(text.substr(e + 1));
    if (!written)
      return std::nullopt;
    exponent += *written;
    text = text.substr(0, e);
  }
  std::string digits;
  bool behind_point = false;
  for (char c : text) {
    if (c == '.' && !behind_point) {
      behind_point = true;
    } else if (is_digit(c)) {
      digits += c;
      exponent -= behind_point ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty())
    return std::nullopt;
  if (digits.find_first_not_of('0') == std::string::npos)
    return 0;
  for (; exponent < 0 && digits.back() == '0'; ++exponent)
    digits.pop_back();
  if (exponent < 0)
    return std::nullopt; // Between two steps.
  digits.append(static_cast<std::size_t>(exponent), '0');
  std::int64_t steps = 0;
  for (char c : digits) {
    if (steps > (int64_max - 9) / 10)
      return std::nullopt;
    steps = steps * 10 + (c - '0');
  }
  return steps;
}

struct memory_unit {
  std::string_view name;
  std::int64_t bytes;
};

// The binary ones first: memory_to_string() prefers them where the texts are equally short.
constexpr std::array memory_units = {
  memory_unit{"TiB", 1LL << 40},        memory_unit{"GiB", 1LL << 30},
  memory_unit{"MiB", 1LL << 20},        memory_unit{"KiB", 1LL << 10},
  memory_unit{"TB", 1'000'000'000'000}, memory_unit{"GB", 1'000'000'000},
  memory_unit{"MB", 1'000'000},         memory_unit{"kB", 1'000},
};

} // namespace

result<amount> amount::from_double(double value) {
  if (!(value >= 0 && value <= limit().to_double())) // Refuses NaN too.
    return not_an_amount(fmt::format("{}", value));
  // Only the fraction is multiplied: 10,000 times a large count of bytes is no longer exact in a double.
  const double whole_part = std::floor(value);
  const double steps = (value - whole_part) * steps_in_one;
  // Rounded, not cut: 0.57 * 10000 is a little less than 5700. A large double's own grain is allowed for.
  const double grain = (std::nextafter(value, std::numeric_limits<double>::infinity()) - value) * steps_in_one;
  if (std::abs(steps - std::round(steps)) > std::max(0.001, grain))
    return not_an_amount(fmt::format("{}", value));
  return from_units(static_cast<std::int64_t>(whole_part) * steps_in_one + std::llround(steps));
}

result<amount> amount::from_outside(std::int64_t units) {
  if (units < 0 || units > limit().units())
    return fail(errc::invalid_argument, fmt::format("{} steps of 0.0001 are not an amount; use 0 to 1e18", units));
  return from_units(units);
}

std::string amount::to_string() const {
  const auto fraction = units_ % steps_in_one;
  if (fraction == 0)
    return fmt::format("{}", units_ / steps_in_one);
  auto text = fmt::format("{}.{:04}", units_ / steps_in_one, fraction);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

result<amount> parse_amount(std::string_view text) {
  const auto steps = read_steps(text);
  if (!steps || *steps > amount::limit().units())
    return not_an_amount(shown(text));
  return amount::from_units(*steps);
}

result<amount> parse_memory(std::string_view text) {
  auto number = text;
  std::int64_t bytes = 1;
  for (const auto& unit : memory_units) {
    if (text.size() > unit.name.size() && text.substr(text.size() - unit.name.size()) == unit.name) {
      number.remove_suffix(unit.name.size());
      bytes = unit.bytes;
      break;
    }
  }
  const auto steps = read_steps(number);
  if (!steps || *steps > amount::limit().units() / bytes)
    return fail(errc::invalid_argument,
                fmt::format("{} is not an amount of memory; use bytes up to 1e14 or for example 16GiB, 512MiB, 1.5GB",
                            shown(text)));
  return amount::from_units(*steps * bytes);
}

std::string memory_to_string(amount bytes) {
  const auto has_point = [](const std::string& text) { return text.find('.') != std::string::npos; };
  auto best = bytes.to_string();
  bool is_plain = true; // A unit is worth its letters where it saves as many digits.
  for (const auto& unit : memory_units) {
    if (bytes.is_zero() || bytes.units() % unit.bytes != 0)
      continue;
    auto text = amount::from_units(bytes.units() / unit.bytes).to_string();
    text += unit.name;
    const bool reads_better = is_plain || (has_point(best) && !has_point(text)); // 512MiB, not 0.5GiB.
    if (text.size() < best.size() || (text.size() == best.size() && reads_better)) {
      best = std::move(text);
      is_plain = false;
    }
  }
  return best;
}

} // namespace runtime
