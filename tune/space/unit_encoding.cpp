#include "tune/space/unit_encoding.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/standard_normal.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tune {
namespace {

using runtime::overloaded;

constexpr double tail = 1e-9; ///< What is cut off at both ends of an unbounded distribution.

/// A range in its transformed scale, with half a step more at each end.
struct transformed {
  double low;
  double high;
  domain::scale how;

  transformed(double range_low, double range_high, double step, domain::scale scale)
    : low(into(range_low - step / 2, scale)),
      high(into(range_high + step / 2, scale)),
      how(scale) {}

  static double into(double x, domain::scale scale) { return scale == domain::scale::log ? std::log(x) : x; }
  double to_unit(double x) const {
    return high > low ? std::clamp((into(x, how) - low) / (high - low), 0.0, 1.0) : 0.5;
  }
  double from_unit(double u) const {
    const double x = low + u * (high - low);
    return how == domain::scale::log ? std::exp(x) : x;
  }
};

std::uint64_t interval_of(double u, std::uint64_t count) {
  return std::min(static_cast<std::uint64_t>(u * static_cast<double>(count)), count - 1);
}

/// Which of low, low + step, ... is nearest to y.
std::uint64_t nearest(double y, double low, double step, std::uint64_t count) {
  const auto steps = std::round((y - low) / step);
  return steps <= 0 ? 0 : std::min(static_cast<std::uint64_t>(steps), count - 1);
}

double middle_of(std::uint64_t index, std::uint64_t count) {
  return (static_cast<double>(index) + 0.5) / static_cast<double>(count);
}

value decoded(const domain& x, const domain::numbers& f, double u) {
  const auto y = transformed(f.low, f.high, f.step.value_or(0), f.how).from_unit(u);
  if (!f.step)
    return u <= 0 ? f.low : u >= 1 ? f.high : std::clamp(y, f.low, f.high); // exp(log(x)) is not quite x.
  return stepped(f, nearest(y, f.low, *f.step, *count_of(x)));
}

value decoded(const domain& x, const domain::integers& f, double u) {
  const auto count = *count_of(x);
  if (f.how == domain::scale::linear) // The same without rounding: exact beyond 2^53, too.
    return value_at(x, interval_of(u, count));
  const auto low = static_cast<double>(f.low);
  const auto step = static_cast<double>(f.step);
  return value_at(x,
                  nearest(transformed(low, static_cast<double>(f.high), step, f.how).from_unit(u), low, step, count));
}

double encoded(const domain& x, const domain::integers& f, const value& what) {
  if (f.how == domain::scale::linear) {
    const auto index = index_of(x, what);
    return index ? middle_of(*index, *count_of(x)) : 0.5;
  }
  return transformed(static_cast<double>(f.low), static_cast<double>(f.high), static_cast<double>(f.step), f.how)
    .to_unit(what.to_number());
}

value decoded(const domain::bell& f, double u) {
  const auto y = f.mean + f.deviation * normal_quantile(std::clamp(u, tail, 1 - tail));
  return f.step ? std::round(y / *f.step) * *f.step : y;
}

double encoded(const domain::bell& f, const value& what) {
  return std::clamp(normal_share_below((what.to_number() - f.mean) / f.deviation), tail, 1 - tail);
}

double encoded(const domain& x, const value& what) {
  const auto index = index_of(x, what);
  return index ? middle_of(*index, *count_of(x)) : 0.5;
}

} // namespace

double to_unit(const domain& x, const value& what) {
  return std::visit(overloaded{
                      [&](const domain::numbers& f) {
                        return transformed(f.low, f.high, f.step.value_or(0), f.how).to_unit(what.to_number());
                      },
                      [&](const domain::integers& f) { return encoded(x, f, what); },
                      [&](const domain::bell& f) { return encoded(f, what); },
                      [&](const domain::options&) { return encoded(x, what); },
                      [&](const domain::crossed&) { return encoded(x, what); },
                      [](const auto&) { return 0.5; },
                    },
                    x.get());
}

value from_unit(const domain& x, double u) {
  u = u > 0 ? std::min(u, 1.0) : 0.0; // NaN, too.
  return std::visit(overloaded{
                      [&](const domain::numbers& f) { return decoded(x, f, u); },
                      [&](const domain::integers& f) { return decoded(x, f, u); },
                      [&](const domain::bell& f) { return decoded(f, u); },
                      [&](const domain::options& f) { return f.values[interval_of(u, f.values.size())]; },
                      [&](const domain::crossed& f) { return f.values[interval_of(u, f.values.size())]; },
                      [](const domain::constant& f) { return f.what; },
                      [](const auto&) { return value(); },
                    },
                    x.get());
}

} // namespace tune
