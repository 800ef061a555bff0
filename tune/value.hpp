#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tune {

/// What a parameter or a metric may be: an integer, a number, a truth value, a text, or a list of these. Types are
/// kept: 1 is an integer and 1.0 a number, and they are not equal.
class value {
public:
  using list = std::vector<value>;
  using storage = std::variant<std::int64_t, double, bool, std::string, list>;

  value() = default; ///< The integer 0.
  value(double number) : storage_(number) {}
  value(float number) : storage_(static_cast<double>(number)) {}
  value(bool truth) : storage_(truth) {}
  value(const char* text) : storage_(std::string(text)) {}
  value(std::string text) : storage_(std::move(text)) {}
  value(list values) : storage_(std::move(values)) {}
  template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>>>
  value(Integer number) : storage_(static_cast<std::int64_t>(number)) {}

  bool is_integer() const noexcept { return std::holds_alternative<std::int64_t>(storage_); }
  bool is_number() const noexcept { return is_integer() || std::holds_alternative<double>(storage_); }
  bool is_truth() const noexcept { return std::holds_alternative<bool>(storage_); }
  bool is_text() const noexcept { return std::holds_alternative<std::string>(storage_); }
  bool is_list() const noexcept { return std::holds_alternative<list>(storage_); }

  /// The value as an integer type, double, float, bool, std::string or list. An integer may be read as a number, and
  /// nothing else as anything else: throws runtime::failure, which says what it is.
  template <class T>
  T as() const;

  /// A number or integer, for arithmetic; NaN where it is neither. Truth values count as 0 and 1.
  double to_number() const noexcept;

  const storage& get() const noexcept { return storage_; }

  /// Same type and same value; numbers bit by bit, so that NaN equals itself.
  friend bool operator==(const value& a, const value& b);
  friend bool operator!=(const value& a, const value& b) { return !(a == b); }
  friend bool operator<(const value& a, const value& b); ///< Any total order; for containers.

private:
  std::int64_t as_integer(std::int64_t low, std::uint64_t high) const;
  [[noreturn]] void is_not(const char* wanted) const;

  storage storage_;
};

/// As JSON: 1, 1.0, true, "text", [1, 2]. What JSON has no word for (NaN and the infinities) is null.
std::string to_json(const value& x);
std::ostream& operator<<(std::ostream& out, const value& x);

template <>
double value::as<double>() const;
template <>
bool value::as<bool>() const;
template <>
std::string value::as<std::string>() const;
template <>
value::list value::as<value::list>() const;

template <class T>
T value::as() const {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<T>(as<double>());
  else {
    static_assert(std::is_integral_v<T>, "a value is read as an integer type, double, float, bool, string or list");
    return static_cast<T>(as_integer(static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                                     static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
  }
}

} // namespace tune
