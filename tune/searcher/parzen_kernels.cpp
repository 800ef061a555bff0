#include "tune/searcher/parzen_kernels.hpp"

#include "runtime/base/invariant.hpp"
#include "tune/space/standard_normal.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr double prior_middle = 0.5;
constexpr double prior_deviation = 1;
constexpr double least_deviation = 0.03; ///< Watanabe 2023.
constexpr double least_by_axes = 0.1;    ///< Half of the width that Optuna 3 gives all kernels of a joint density.
constexpr double log_root_2_pi = 0.91893853320467274178;
constexpr double root_half = 0.70710678118654752440;
constexpr double negligible = 40; ///< What is smaller by exp(this) adds nothing that a double shows.
constexpr int most_rejected = 16;

/// Of the standard normal distribution between a and b, accurate in the tails.
double share_between(double a, double b) {
  if (a > 0)
    return 0.5 * (std::erfc(a * root_half) - std::erfc(b * root_half));
  if (b < 0)
    return share_between(-b, -a);
  return 1 - 0.5 * (std::erfc(-a * root_half) + std::erfc(b * root_half));
}

template <class T>
void insert_at(std::vector<T>& all, std::size_t place, T x) {
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(place), x);
}

template <class T>
void erase_at(std::vector<T>& all, std::size_t place) {
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(place));
}

/// Neighbours on one axis are close when there are many of them, however empty the space is that many axes span: with
/// them alone a joint density says nothing between its points. So a width shrinks no faster than by Scott's rate. Its
/// number of kernels is rounded down to a power of two, so that few more do not change them all.
double least_of(std::size_t kernels, std::size_t axes) {
  double rounded = 1;
  while (rounded * 2 <= static_cast<double>(kernels))
    rounded *= 2;
  const double by_count = 1 / ((static_cast<double>(kernels) + 1) * (static_cast<double>(kernels) + 1));
  return std::max({least_deviation, by_count, least_by_axes * std::pow(rounded, -1 / (static_cast<double>(axes) + 4))});
}

/// The loop in which all the time is spent: simple enough to be made vectors of.
void add_normal(double* __restrict logs, const double* __restrict constants, const double* __restrict scales,
                const double* __restrict shifts, double u, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double z = u * scales[i] - shifts[i];
    logs[i] += constants[i] - z * z;
  }
}

void add_all(double* __restrict logs, const double* __restrict shares, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    logs[i] += shares[i];
}

void add_choice(double* __restrict logs, const std::uint32_t* __restrict choices, std::uint32_t choice, double same,
                double other, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    logs[i] += choices[i] == choice ? same : other;
}

double log_sum_exp(const std::vector<double>& logs) {
  const double greatest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double each : logs)
    if (each > greatest - negligible)
      sum += std::exp(each - greatest);
  return greatest + std::log(sum);
}

} // namespace

parzen_point parzen_point::at(const std::vector<unit_axis>& axes, std::vector<double> units) {
  parzen_point made{std::move(units), std::vector<std::uint32_t>(axes.size())};
  for (std::size_t j = 0; j < axes.size(); ++j) {
    made.places[j] = axes[j].place_of(made.units[j]);
    made.units[j] = axes[j].nearest(made.units[j]);
  }
  return made;
}

parzen_kernels::parzen_kernels(std::vector<unit_axis> axes) : axes_(std::move(axes)), keys_{0} {
  columns_.resize(axes_.size());
  for (std::size_t j = 0; j < axes_.size(); ++j) {
    columns_[j].shares.resize(axes_[j].wide_cells());
    add(j, 0, prior_middle, unit_axis::no_cell);
    set_deviation(j, 0, prior_deviation);
  }
  weigh({1});
}

void parzen_kernels::assign(const std::vector<observation>& wanted) {
  std::size_t kernel = 1;
  bool has_changed = false;
  for (const auto& each : wanted) {
    while (kernel < keys_.size() && keys_[kernel] < each.which) {
      erase(kernel);
      has_changed = true;
    }
    if (kernel == keys_.size() || keys_[kernel] != each.which) {
      insert(kernel, each);
      has_changed = true;
    }
    ++kernel;
  }
  while (keys_.size() > kernel) {
    erase(keys_.size() - 1);
    has_changed = true;
  }
  if (has_changed)
    for (std::size_t j = 0; j < axes_.size(); ++j)
      adapt(j);
  weigh(std::vector<double>(keys_.size(), 1));
}

void parzen_kernels::weigh(const std::vector<double>& weights) {
  CAF_TUNE_INVARIANT(weights.size() == keys_.size(), "{} weights for {} kernels", weights.size(), keys_.size());
  double sum = 0;
  for (const double each : weights)
    sum += each;
  log_weights_.resize(weights.size());
  shares_up_to_.resize(weights.size());
  double before = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    log_weights_[i] = std::log(weights[i] / sum);
    shares_up_to_[i] = before += weights[i] / sum;
  }
  shares_up_to_.back() = 1;
}

void parzen_kernels::erase(std::size_t kernel) {
  erase_at(keys_, kernel);
  for (auto& x : columns_) {
    if (!x.choices.empty()) {
      erase_at(x.choices, kernel);
      continue;
    }
    for (auto* each : {&x.middles, &x.deviations, &x.scales, &x.shifts, &x.constants})
      erase_at(*each, kernel);
    for (auto& each : x.shares)
      erase_at(each, kernel);
    x.order.erase(std::find(x.order.begin(), x.order.end(), kernel));
    for (auto& each : x.order)
      each -= each > kernel ? 1 : 0;
  }
}

void parzen_kernels::insert(std::size_t kernel, const observation& what) {
  insert_at(keys_, kernel, what.which);
  for (std::size_t j = 0; j < axes_.size(); ++j)
    add(j, kernel, what.where->units[j], what.where->places[j]);
}

void parzen_kernels::add(std::size_t axis, std::size_t kernel, double unit, std::uint32_t place) {
  auto& x = columns_[axis];
  if (axes_[axis].is() == unit_axis::kind::choices)
    return insert_at(x.choices, kernel, place);
  insert_at(x.middles, kernel, unit);
  for (auto* each : {&x.deviations, &x.scales, &x.shifts, &x.constants})
    insert_at(*each, kernel, 0.0); // A deviation that none has: adapt() fills in the rest.
  for (auto& each : x.shares)
    insert_at(each, kernel, 0.0);
  for (auto& each : x.order)
    each += each >= kernel ? 1 : 0;
  const auto behind = std::upper_bound(x.order.begin(), x.order.end(), kernel, [&](std::size_t a, std::size_t b) {
    return x.middles[a] != x.middles[b] ? x.middles[a] < x.middles[b] : a < b;
  });
  x.order.insert(behind, static_cast<std::uint32_t>(kernel));
}

/// The widths of an axis's kernels from their neighbours.
void parzen_kernels::adapt(std::size_t axis) {
  auto& x = columns_[axis];
  const double least = least_of(keys_.size(), axes_.size());
  for (std::size_t i = 0; i < x.order.size(); ++i) {
    const auto kernel = x.order[i];
    if (kernel == 0)
      continue; // The prior.
    const double below = i > 0 ? x.middles[kernel] - x.middles[x.order[i - 1]] : 0;
    const double above = i + 1 < x.order.size() ? x.middles[x.order[i + 1]] - x.middles[kernel] : 0;
    if (const auto deviation = std::clamp(std::max(below, above), least, 1.0); deviation != x.deviations[kernel])
      set_deviation(axis, kernel, deviation);
  }
}

void parzen_kernels::set_deviation(std::size_t axis, std::size_t kernel, double deviation) {
  auto& x = columns_[axis];
  if (!x.choices.empty())
    return;
  const double middle = x.middles[kernel];
  const double log_share = std::log(share_between(-middle / deviation, (1 - middle) / deviation));
  x.deviations[kernel] = deviation;
  x.scales[kernel] = root_half / deviation;
  x.shifts[kernel] = middle * x.scales[kernel];
  x.constants[kernel] = -std::log(deviation) - log_root_2_pi - log_share;
  for (std::uint64_t cell = 0; cell < x.shares.size(); ++cell) {
    const auto [low, high] = axes_[axis].bounds_of(cell);
    x.shares[cell][kernel] =
      std::log(share_between((low - middle) / deviation, (high - middle) / deviation)) - log_share;
  }
}

double parzen_kernels::log_density(const parzen_point& x) const {
  logs_ = log_weights_;
  const auto count = keys_.size();
  for (std::size_t j = 0; j < axes_.size(); ++j) {
    const auto& of = columns_[j];
    if (axes_[j].is() == unit_axis::kind::choices) {
      const auto options = static_cast<double>(axes_[j].count());
      const auto n = static_cast<double>(count);
      const double other = -std::log(n + options);
      add_choice(logs_.data(), of.choices.data(), x.places[j], std::log(n + 1) + other, other, count);
      logs_[0] -= other + std::log(options); // The prior, whose choice is none.
    } else if (x.places[j] != unit_axis::no_cell)
      add_all(logs_.data(), of.shares[x.places[j]].data(), count);
    else
      add_normal(logs_.data(), of.constants.data(), of.scales.data(), of.shifts.data(), x.units[j], count);
  }
  return log_sum_exp(logs_);
}

double parzen_kernels::draw_on(std::size_t axis, std::size_t kernel, chance& random) const {
  const auto& x = columns_[axis];
  if (!x.choices.empty()) {
    const auto options = axes_[axis].count();
    const auto n = static_cast<double>(keys_.size());
    const bool is_observed = kernel != 0 && random.happens(n / (n + static_cast<double>(options)));
    return axes_[axis].middle_of(is_observed ? x.choices[kernel] : random.below(options));
  }
  const double middle = x.middles[kernel];
  const double deviation = x.deviations[kernel];
  for (int i = 0; i < most_rejected; ++i)
    if (const auto u = random.normal(middle, deviation); u >= 0 && u <= 1)
      return u;
  const double below = normal_share_below(-middle / deviation);
  const double share = share_between(-middle / deviation, (1 - middle) / deviation);
  return std::clamp(middle + deviation * normal_quantile(below + random.unit() * share), 0.0, 1.0);
}

parzen_point parzen_kernels::draw(chance random) const {
  const auto chosen = std::lower_bound(shares_up_to_.begin(), shares_up_to_.end(), random.unit());
  const auto kernel = static_cast<std::size_t>(chosen - shares_up_to_.begin());
  std::vector<double> units(axes_.size());
  for (std::size_t j = 0; j < axes_.size(); ++j)
    units[j] = draw_on(j, kernel, random);
  return parzen_point::at(axes_, std::move(units));
}

} // namespace tune
