#pragma once

#include <cstdint>
#include <string_view>

namespace tune {

/// Chance that depends on (seed, purpose, number) and on nothing else, such as on what was drawn for others before: a
/// trial's draws are the same whenever it is asked for, after a restart, too. Counter-based, and the same on every
/// machine and standard library. Not for secrets.
class chance {
public:
  /// `number`: which trial, mostly.
  chance(std::uint64_t seed, std::string_view purpose, std::uint64_t number) noexcept;

  /// Another stream, which depends on this one's arguments and on these.
  chance branch(std::string_view purpose, std::uint64_t number) const noexcept;

  // The i-th draw of the stream, in any order.
  std::uint64_t bits(std::uint64_t i) const noexcept; ///< Uniform in [0, 2^64).
  double unit(std::uint64_t i) const noexcept;        ///< Uniform in [0, 1).
  double open_unit(std::uint64_t i) const noexcept;   ///< Uniform in (0, 1).

  // One draw after the other.
  double unit() noexcept { return unit(next_++); }
  double between(double low, double high) noexcept;                   ///< Uniform in [low, high).
  std::uint64_t below(std::uint64_t bound) noexcept;                  ///< Uniform in [0, bound); 0 if bound is 0.
  std::int64_t integer(std::int64_t low, std::int64_t high) noexcept; ///< Uniform in [low, high].
  double normal(double mean = 0, double deviation = 1) noexcept;
  bool happens(double probability) noexcept { return unit() < probability; }

private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

} // namespace tune
