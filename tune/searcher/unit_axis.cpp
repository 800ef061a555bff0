#include "tune/searcher/unit_axis.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/space/domain_values.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

/// Range and step of a parameter on a logarithmic scale.
struct logarithmic {
  double low;
  double high;
  double step;
};

std::optional<logarithmic> logarithmic_of(const domain& what) {
  if (const auto* x = std::get_if<domain::numbers>(&what.get()))
    if (x->how == domain::scale::log && x->step)
      return logarithmic{x->low, x->high, *x->step};
  if (const auto* x = std::get_if<domain::integers>(&what.get()))
    if (x->how == domain::scale::log)
      return logarithmic{static_cast<double>(x->low), static_cast<double>(x->high), static_cast<double>(x->step)};
  return std::nullopt;
}

unit_axis::kind kind_of(const domain& what) {
  if (const auto* x = std::get_if<domain::options>(&what.get()))
    return x->ordered ? unit_axis::kind::cells : unit_axis::kind::choices;
  return count_of(what) ? unit_axis::kind::cells : unit_axis::kind::number;
}

} // namespace

unit_axis::unit_axis(const domain& what) : kind_(kind_of(what)), count_(count_of(what).value_or(0)) {
  if (kind_ != kind::cells)
    return;
  if (const auto log = logarithmic_of(what); log && count_ > 1) {
    is_log_ = true;
    low_ = log->low;
    step_ = log->step;
    log_low_ = std::log(log->low - log->step / 2);
    log_range_ = std::log(log->high + log->step / 2) - log_low_;
  }
  const auto is_wide = [&](std::uint64_t cell) {
    const auto x = bounds_of(cell);
    return x.high - x.low >= narrow;
  };
  while (wide_ < count_ && is_wide(wide_)) // Together they are no wider than 1, so these are few.
    ++wide_;
}

double unit_axis::from_value(double x) const {
  return (std::log(x) - log_low_) / log_range_;
}

std::uint64_t unit_axis::cell_at(double u) const {
  if (kind_ == kind::number)
    return 0;
  const double steps = is_log_ ? std::round((std::exp(log_low_ + u * log_range_) - low_) / step_)
                               : std::floor(u * static_cast<double>(count_));
  return steps <= 0 ? 0 : std::min(static_cast<std::uint64_t>(steps), count_ - 1);
}

double unit_axis::middle_of(std::uint64_t cell) const {
  return is_log_ ? from_value(low_ + static_cast<double>(cell) * step_)
                 : (static_cast<double>(cell) + 0.5) / static_cast<double>(count_);
}

unit_axis::interval unit_axis::bounds_of(std::uint64_t cell) const {
  if (!is_log_)
    return {static_cast<double>(cell) / static_cast<double>(count_),
            static_cast<double>(cell + 1) / static_cast<double>(count_)};
  const double middle = low_ + static_cast<double>(cell) * step_;
  return {cell == 0 ? 0.0 : from_value(middle - step_ / 2), cell + 1 == count_ ? 1.0 : from_value(middle + step_ / 2)};
}

double unit_axis::nearest(double u) const {
  return kind_ == kind::number ? u : middle_of(cell_at(u));
}

std::uint32_t unit_axis::place_of(double u) const {
  const auto cell = cell_at(u);
  if (kind_ == kind::choices)
    return static_cast<std::uint32_t>(cell);
  return kind_ == kind::cells && cell < wide_ ? static_cast<std::uint32_t>(cell) : no_cell;
}

} // namespace tune
