#include "tune/simulate/time_law.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr double widest_deviation = 5; // Of one draw in three the factor is then more than 100.

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (auto comma = text.find(','); comma != std::string_view::npos; comma = text.find(',')) {
    parts.push_back(text.substr(0, comma));
    text.remove_prefix(comma + 1);
  }
  parts.push_back(text);
  return parts;
}

std::chrono::nanoseconds rounded(double ns) {
  return std::chrono::nanoseconds(
    std::llround(std::clamp(ns, 0.0, static_cast<double>(std::chrono::nanoseconds(longest_time).count()))));
}

} // namespace

result<std::chrono::nanoseconds> parse_time(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> units = {
    {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
  for (const auto& [unit, ns] : units) {
    if (text.size() <= unit.size() || text.substr(text.size() - unit.size()) != unit)
      continue;
    const auto number = number_in(text.substr(0, text.size() - unit.size()));
    if (!number)
      continue; // "ms" ends as "s" does.
    const double all = *number * ns;
    if (!(all >= 0 && all <= static_cast<double>(std::chrono::nanoseconds(longest_time).count())))
      return fail(errc::invalid_argument, fmt::format("\"{}\" is no time from 0s to 3650d", text));
    return rounded(all);
  }
  return fail(errc::invalid_argument,
              fmt::format("\"{}\" is no time; use a number and its unit, for example 20ms, 2s, 1.5m, 6h or 30d", text));
}

result<time_law> time_law::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    return parse_time(text).map([](std::chrono::nanoseconds always) { return time_law(always); });
  static constexpr std::array<std::pair<std::string_view, kind>, 3> kinds = {
    {{"uniform", kind::uniform}, {"exponential", kind::exponential}, {"lognormal", kind::lognormal}}};
  const auto name = text.substr(0, colon);
  const auto* found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& each) { return each.first == name; });
  if (found == kinds.end())
    return fail(errc::invalid_argument,
                fmt::format("there is no distribution \"{}\"; use for example uniform:1s,3s, exponential:2s or "
                            "lognormal:2s,0.5",
                            name));
  const auto parts = parts_of(text.substr(colon + 1));
  const std::size_t wanted = found->second == kind::exponential ? 1 : 2;
  if (parts.size() != wanted)
    return fail(errc::invalid_argument, fmt::format("\"{}\" has {} values, but {} takes {}; use for example {}", text,
                                                    parts.size(), name, wanted,
                                                    found->second == kind::exponential ? "exponential:2s"
                                                    : found->second == kind::uniform   ? "uniform:1s,3s"
                                                                                       : "lognormal:2s,0.5"));
  time_law law;
  law.kind_ = found->second;
  auto first = parse_time(parts[0]);
  if (!first)
    return fail(first.error());
  law.first_ = *first;
  if (law.kind_ == kind::uniform) {
    auto second = parse_time(parts[1]);
    if (!second)
      return fail(second.error());
    if (*second < *first)
      return fail(errc::invalid_argument, fmt::format("\"{}\": {} is less than {}", text, parts[1], parts[0]));
    law.second_ = *second;
  } else if (law.kind_ == kind::lognormal) {
    const auto deviation = number_in(parts[1]);
    if (!deviation || !(*deviation >= 0 && *deviation <= widest_deviation))
      return fail(
        errc::invalid_argument,
        fmt::format("\"{}\": {} is no standard deviation of a logarithm from 0 to {}; 0.5 is a factor of 1.65 "
                    "up or down",
                    text, parts[1], widest_deviation));
    law.deviation_ = *deviation;
  }
  return law;
}

std::chrono::nanoseconds time_law::draw(chance& random) const {
  const auto first = static_cast<double>(first_.count());
  switch (kind_) {
  case kind::always: return first_;
  case kind::uniform: return rounded(random.between(first, static_cast<double>(second_.count())));
  case kind::exponential: return rounded(-std::log1p(-random.unit()) * first);
  case kind::lognormal: return rounded(first * std::exp(random.normal(0, deviation_)));
  }
  return first_;
}

} // namespace tune
