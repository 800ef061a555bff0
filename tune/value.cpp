#include "tune/value.hpp"

#include "tune/value/json_text.hpp"
#include "tune/vocabulary.hpp"

#include <cmath>
#include <cstring>
#include <ostream>

#include <fmt/format.h>

namespace tune {
namespace {

bool same_bits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// NaN after everything, so that the order is total.
bool number_less(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return !std::isnan(a) && std::isnan(b);
  return a < b;
}

} // namespace

bool operator==(const value& a, const value& b) {
  if (const auto* number = std::get_if<double>(&a.storage_); number && std::holds_alternative<double>(b.storage_))
    return same_bits(*number, std::get<double>(b.storage_));
  return a.storage_ == b.storage_;
}

bool operator<(const value& a, const value& b) {
  if (a.storage_.index() != b.storage_.index())
    return a.storage_.index() < b.storage_.index();
  if (const auto* number = std::get_if<double>(&a.storage_))
    return number_less(*number, std::get<double>(b.storage_));
  return a.storage_ < b.storage_;
}

double value::to_number() const noexcept {
  if (const auto* integer = std::get_if<std::int64_t>(&storage_))
    return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&storage_))
    return *number;
  if (const auto* truth = std::get_if<bool>(&storage_))
    return *truth ? 1 : 0;
  return std::numeric_limits<double>::quiet_NaN();
}

void value::is_not(const char* wanted) const {
  throw failure(error{errc::invalid_argument, fmt::format("{} is not {}", to_json(*this), wanted)});
}

std::int64_t value::as_integer(std::int64_t low, std::uint64_t high) const {
  const auto* integer = std::get_if<std::int64_t>(&storage_);
  if (integer == nullptr)
    is_not("an integer");
  if (*integer < low || (*integer > 0 && static_cast<std::uint64_t>(*integer) > high))
    is_not("an integer of this type: it is out of its range");
  return *integer;
}

template <>
double value::as<double>() const {
  if (!is_number())
    is_not("a number");
  return to_number();
}

template <>
bool value::as<bool>() const {
  const auto* truth = std::get_if<bool>(&storage_);
  return truth != nullptr ? *truth : (is_not("true or false"), false);
}

template <>
std::string value::as<std::string>() const {
  const auto* text = std::get_if<std::string>(&storage_);
  return text != nullptr ? *text : (is_not("a text"), std::string());
}

template <>
value::list value::as<value::list>() const {
  const auto* values = std::get_if<list>(&storage_);
  return values != nullptr ? *values : (is_not("a list"), list());
}

std::string to_json(const value& x) {
  return json_of(x).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::ostream& operator<<(std::ostream& out, const value& x) {
  return out << to_json(x);
}

} // namespace tune
