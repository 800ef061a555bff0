#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

/// How much of a resource: never negative, fixed point in 1/10000, so that 0.1 + 0.2 is 0.3 and shares add up to one.
/// What comes from outside is at most limit(). The sum of many may not fit: a thousand nodes with 1 TiB of memory each
/// are too much, so totals over a cluster are counted in double.
class amount {
public:
  static constexpr std::int64_t steps_in_one = 10'000;

  constexpr amount() noexcept = default;

  /// Refuses what is negative, NaN, more than limit(), or between two steps.
  [[nodiscard]] static result<amount> from_double(double value);
  /// For numbers from outside (wire, journal): refuses what is negative or more than limit().
  [[nodiscard]] static result<amount> from_outside(std::int64_t units);
  static constexpr amount from_units(std::int64_t units); ///< In 1/10000. Negative breaks the invariant.
  static constexpr amount whole(std::int64_t n);
  static constexpr amount limit() { return whole(100'000'000'000'000); }
  /// More than any node may have: a demand for so much fits nowhere.
  static constexpr amount more_than_any() { return from_units(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t units() const noexcept { return units_; }
  constexpr bool is_zero() const noexcept { return units_ == 0; }
  constexpr bool is_whole() const noexcept { return units_ % steps_in_one == 0; }
  double to_double() const noexcept { return static_cast<double>(units_) / steps_in_one; }
  std::string to_string() const; ///< Exact, without trailing zeros: "0.5", "2".

  /// Overflow, and less than nothing, break the invariant: compare before.
  constexpr amount& operator+=(amount other);
  constexpr amount& operator-=(amount other);
  friend constexpr amount operator+(amount a, amount b) { return a += b; }
  friend constexpr amount operator-(amount a, amount b) { return a -= b; }

  friend constexpr bool operator==(amount a, amount b) noexcept { return a.units_ == b.units_; }
  friend constexpr bool operator!=(amount a, amount b) noexcept { return a.units_ != b.units_; }
  friend constexpr bool operator<(amount a, amount b) noexcept { return a.units_ < b.units_; }
  friend constexpr bool operator>(amount a, amount b) noexcept { return a.units_ > b.units_; }
  friend constexpr bool operator<=(amount a, amount b) noexcept { return a.units_ <= b.units_; }
  friend constexpr bool operator>=(amount a, amount b) noexcept { return a.units_ >= b.units_; }

private:
  std::int64_t units_ = 0;
};

/// "2", "0.5", "1e3"; exact. For flags and spec files: the caller adds the flag's name with within().
[[nodiscard]] result<amount> parse_amount(std::string_view text);

/// Bytes: "16GiB", "512MiB", "1.5GB", or a plain number of bytes.
[[nodiscard]] result<amount> parse_memory(std::string_view text);

/// The shortest text that parse_memory() reads as exactly this many bytes: "512MiB", "1.5GB", "1000001".
std::string memory_to_string(amount bytes);

constexpr amount amount::from_units(std::int64_t units) {
  CAF_TUNE_INVARIANT(units >= 0, "{} steps", units);
  amount a;
  a.units_ = units;
  return a;
}

constexpr amount amount::whole(std::int64_t n) {
  CAF_TUNE_INVARIANT(n >= 0 && n <= std::numeric_limits<std::int64_t>::max() / steps_in_one, "whole({})", n);
  return from_units(n * steps_in_one);
}

constexpr amount& amount::operator+=(amount other) {
  CAF_TUNE_INVARIANT(units_ <= std::numeric_limits<std::int64_t>::max() - other.units_, "{} + {} steps", units_,
                     other.units_);
  units_ += other.units_;
  return *this;
}

constexpr amount& amount::operator-=(amount other) {
  CAF_TUNE_INVARIANT(units_ >= other.units_, "{} - {} steps", units_, other.units_);
  units_ -= other.units_;
  return *this;
}

} // namespace runtime

template <>
struct fmt::formatter<runtime::amount> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(runtime::amount a, Context& context) const {
    return fmt::formatter<std::string_view>::format(a.to_string(), context);
  }
};
