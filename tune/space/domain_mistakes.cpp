#include "tune/space/domain_mistakes.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/space/domain_values.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {
namespace {

using runtime::overloaded;
using mistakes = std::vector<std::string>;

constexpr std::int64_t exact_in_double = std::int64_t{1} << 53;
constexpr double most_steps = 1e15; ///< Each still has its own number in [0, 1).

std::string empty_range(double low, double high) {
  return fmt::format("its range is empty: low {} is above high {}; swap them", low, high);
}

void check_finite(const char* name, double x, mistakes& found) {
  if (!std::isfinite(x))
    found.push_back(fmt::format("{} is {}, which is not a finite number", name, x));
}

/// Steps in a range that is not empty.
void check_steps(const domain::numbers& x, mistakes& found) {
  const auto range = x.high - x.low;
  const auto steps = range / *x.step;
  if (steps > most_steps) {
    found.push_back(fmt::format("step {} is too small for its range {} to {}; leave it out", *x.step, x.low, x.high));
    return;
  }
  const auto whole = std::floor(steps + 1e-9);
  if (std::abs(steps - std::round(steps)) <= 1e-9 * std::max(1.0, steps))
    return;
  if (whole < 1)
    found.push_back(
      fmt::format("step {} is larger than its range {} to {}; use a smaller one", *x.step, x.low, x.high));
  else
    found.push_back(fmt::format("step {} does not divide its range {} to {}; use for example high {:.12g}", *x.step,
                                x.low, x.high, x.low + whole * *x.step));
}

void check_log_step(double low, double step, mistakes& found) {
  if (low > 0 && low - step / 2 <= 0) // The lowest value's interval reaches from low - step / 2.
    found.push_back(fmt::format("log scale in steps of {} needs low > {}, but low is {}; use for example low {}", step,
                                step / 2, low, step));
}

mistakes of(const domain::numbers& x) {
  mistakes found;
  check_finite("low", x.low, found);
  check_finite("high", x.high, found);
  if (x.step && !(std::isfinite(*x.step) && *x.step > 0))
    found.push_back(fmt::format("step is {}, but it must be above 0", *x.step));
  if (!found.empty())
    return found;
  if (x.how == domain::scale::log && x.low <= 0)
    found.push_back(fmt::format("log scale needs low > 0, but low is {}; use for example {}", x.low,
                                x.high > 1e-6 || x.high <= 0 ? "1e-6" : fmt::format("{:.6g}", x.high / 1000)));
  if (x.low > x.high)
    found.push_back(empty_range(x.low, x.high));
  else if (!std::isfinite(x.high - x.low))
    found.push_back(fmt::format("its range {} to {} is too wide", x.low, x.high));
  else if (x.step) {
    check_steps(x, found);
    if (x.how == domain::scale::log)
      check_log_step(x.low, *x.step, found);
  }
  return found;
}

mistakes of(const domain::integers& x) {
  mistakes found;
  if (x.step < 1)
    found.push_back(fmt::format("step is {}, but it must be at least 1", x.step));
  if (x.how == domain::scale::log && x.low < 1)
    found.push_back(fmt::format("log scale needs low > 0, but low is {}; use for example 1", x.low));
  if (x.how == domain::scale::log && x.high > exact_in_double)
    found.push_back(fmt::format("log scale needs high <= {}, but high is {}; use a linear scale or a smaller high",
                                exact_in_double, x.high));
  if (x.low > x.high)
    found.push_back(fmt::format("its range is empty: low {} is above high {}; swap them", x.low, x.high));
  if (!found.empty())
    return found;
  const auto range = static_cast<std::uint64_t>(x.high) - static_cast<std::uint64_t>(x.low);
  const auto step = static_cast<std::uint64_t>(x.step);
  if (range >= static_cast<std::uint64_t>(INT64_MAX))
    found.push_back(
      fmt::format("its range {} to {} is too wide; at most {} values can be counted", x.low, x.high, INT64_MAX));
  if (range % step != 0 && range > step)
    found.push_back(fmt::format("step {} does not divide its range {} to {}; use for example high {}", x.step, x.low,
                                x.high, x.high - static_cast<std::int64_t>(range % step)));
  else if (range % step != 0)
    found.push_back(fmt::format("step {} is larger than its range {} to {}; use a smaller one", x.step, x.low, x.high));
  if (x.how == domain::scale::log && x.step > 1)
    check_log_step(static_cast<double>(x.low), static_cast<double>(x.step), found);
  return found;
}

mistakes of(const domain::bell& x) {
  mistakes found;
  check_finite("mean", x.mean, found);
  if (!(std::isfinite(x.deviation) && x.deviation > 0))
    found.push_back(fmt::format("its standard deviation is {}, but it must be above 0", x.deviation));
  if (x.step && !(std::isfinite(*x.step) && *x.step > 0))
    found.push_back(fmt::format("step is {}, but it must be above 0", *x.step));
  return found;
}

/// NaN or an infinity, or in a list: what neither compares nor can be written as JSON.
bool is_finite(const value& x) {
  if (!x.is_list())
    return !x.is_number() || std::isfinite(x.to_number());
  const auto values = x.as<value::list>();
  return std::all_of(values.begin(), values.end(), is_finite);
}

mistakes of_list(const char* kind, const std::vector<value>& values) {
  mistakes found;
  if (values.empty())
    found.push_back(fmt::format("{} over nothing; give it at least one value", kind));
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!is_finite(values[i]))
      found.push_back(fmt::format("its value number {} is not a finite number", i + 1));
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  for (auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end();
       twice = std::adjacent_find(twice, sorted.end())) {
    if (is_finite(*twice))
      found.push_back(fmt::format("{} has {} twice; each value once", kind, to_json(*twice)));
    twice = std::upper_bound(twice, sorted.end(), *twice);
  }
  return found;
}

} // namespace

std::vector<std::string> mistakes_of_domain(const domain& x) {
  return std::visit(
    overloaded{
      [](const domain::options& f) { return of_list(f.ordered ? "ordinal" : "choice", f.values); },
      [](const domain::crossed& f) { return f.mistake.empty() ? of_list("grid", f.values) : mistakes{f.mistake}; },
      [](const domain::constant& f) {
        return is_finite(f.what) ? mistakes{} : mistakes{"its value is not a finite number"};
      },
      [](const domain::sampled& f) { return f.function ? mistakes{} : mistakes{"sample_from without a function"}; },
      [](const domain::group&) { return mistakes{"a group within a group cannot be crossed"}; },
      [](const auto& range) { return of(range); },
    },
    x.get());
}

} // namespace tune
