#pragma once

#include <chrono>
#include <string_view>

#include "tune/chance.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How long something takes in a simulation: always the same, or drawn.
class time_law {
public:
  time_law() = default; ///< It takes no time.
  explicit time_law(std::chrono::nanoseconds always) : first_(always) {}

  /// "2s"; "uniform:1s,3s"; "exponential:2s", which is the mean; "lognormal:2s,0.5", where half of the draws take less
  /// than 2 s and the logarithm has a standard deviation of 0.5. An error says what would be right.
  [[nodiscard]] static result<time_law> parse(std::string_view text);

  std::chrono::nanoseconds draw(chance& random) const; ///< 0 to longest_time.
  bool is_zero() const noexcept { return kind_ == kind::always && first_.count() == 0; }

private:
  enum class kind { always, uniform, exponential, lognormal };
  kind kind_ = kind::always;
  std::chrono::nanoseconds first_{0};  ///< What it always is, the least, the mean, or the median.
  std::chrono::nanoseconds second_{0}; ///< The most, of `uniform`.
  double deviation_ = 0;               ///< Of the logarithm.
};

inline constexpr std::chrono::hours longest_time{24 * 3650};

/// "500us", "20ms", "2s", "1.5m", "6h", "30d": 0 to longest_time.
[[nodiscard]] result<std::chrono::nanoseconds> parse_time(std::string_view text);

} // namespace tune
