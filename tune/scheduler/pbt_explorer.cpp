#include "tune/scheduler/pbt_explorer.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/space/domain_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

namespace tune {
namespace {

using runtime::overloaded;

constexpr std::uint64_t most_tries = 100; ///< For constraints.

/// Which of low, low + step, ... is nearest to x, among `count`.
std::uint64_t nearest(double x, double low, double step, std::uint64_t count) {
  const auto steps = std::round((x - low) / step);
  return steps <= 0 ? 0 : std::min(static_cast<std::uint64_t>(std::min(steps, 0x1p62)), count - 1);
}

/// One of finitely many, as far as there is one in this direction.
std::uint64_t neighbour(std::uint64_t index, std::uint64_t count, bool is_up) {
  if (is_up)
    return std::min(index + 1, count - 1);
  return index == 0 ? 0 : index - 1;
}

/// Of steps; with one step at least, or small integers would never change.
value stepped_by(const domain& what, const value& from, double low, double step, double factor) {
  const auto index = index_of(what, from);
  if (!index)
    return from;
  const auto count = *count_of(what);
  const auto x = from.to_number();
  const auto to = nearest(x * factor, low, step, count);
  if (to != *index)
    return value_at(what, to);
  return value_at(what, neighbour(*index, count, x == 0 ? factor > 1 : x * factor > x));
}

bool is_constant(const space_plan::dimension& x) {
  return std::holds_alternative<domain::constant>(x.what.get());
}

bool is_function(const space_plan::dimension& x) {
  return std::holds_alternative<domain::sampled>(x.what.get());
}

} // namespace

pbt_explorer::pbt_explorer(const pbt_options& options, const search_space& space) : options_(options), plan_(space) {
  for (const auto& each : plan_.dimensions()) {
    const auto& names = options_.parameters;
    const bool is_named = std::find(names.begin(), names.end(), each.name) != names.end();
    is_mutated_.push_back(names.empty() ? !is_constant(each) && !is_function(each) : is_named);
  }
}

value pbt_explorer::moved(const domain& what, const value& from, chance& random) const {
  const auto& factors = options_.perturbation_factors;
  const double factor = factors[random.below(factors.size())];
  const auto to_neighbour = [&](const auto&) {
    const auto index = index_of(what, from);
    return index ? value_at(what, neighbour(*index, *count_of(what), factor > 1)) : from;
  };
  return std::visit(overloaded{
                      [&](const domain::numbers& x) {
                        if (x.step)
                          return stepped_by(what, from, x.low, *x.step, factor);
                        return value(std::clamp(from.to_number() * factor, x.low, x.high));
                      },
                      [&](const domain::integers& x) {
                        return stepped_by(what, from, static_cast<double>(x.low), static_cast<double>(x.step), factor);
                      },
                      [&](const domain::bell& x) {
                        const double to = from.to_number() * factor;
                        if (!x.step)
                          return value(to);
                        const double on_step = std::round(to / *x.step) * *x.step;
                        if (on_step != from.to_number())
                          return value(on_step);
                        const bool is_up = on_step == 0 ? factor > 1 : to > on_step;
                        return value((std::round(on_step / *x.step) + (is_up ? 1 : -1)) * *x.step);
                      },
                      [&](const domain::options& x) { return to_neighbour(x); },
                      [&](const domain::crossed& x) { return to_neighbour(x); },
                      [&](const auto&) { return from; },
                    },
                    what.get());
}

std::optional<config> pbt_explorer::once_near_to(const config& values, const space_plan::values& chosen,
                                                 const chance& random, std::uint64_t try_number) const {
  auto draws = random.branch("explore", try_number);
  space_plan::values wishes(plan_.size());
  std::vector<double> units(plan_.size());
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    const auto& x = plan_.at(i);
    const auto own = draws.branch("parameter", i); // What one draws shifts nothing for the others.
    units[i] = own.unit(1);
    wishes[i] = chosen[i];
    const auto* now = values.find(x.name);
    if (now == nullptr || chosen[i])
      continue;
    const auto* options = std::get_if<domain::options>(&x.what.get());
    const bool is_redrawn =
      is_mutated_[i] && ((options != nullptr && !options->ordered) || own.unit(0) < options_.resample_probability);
    auto steps = own.branch("move", 0);
    if (!is_redrawn)
      wishes[i] = is_mutated_[i] ? moved(x.what, *now, steps) : *now;
  }
  auto functions = draws.branch("sample_from", 0);
  if (auto made = plan_.complete_near(units, wishes, functions); made && plan_.check(*made))
    return std::move(*made);
  return std::nullopt;
}

config pbt_explorer::near_to(const config& values, const chance& random) const {
  const space_plan::values none(plan_.size());
  for (std::uint64_t i = 0; i < most_tries; ++i)
    if (auto made = once_near_to(values, none, random, i))
      return std::move(*made);
  return values;
}

explore_step::found pbt_explorer::explore(trial_id /*trial*/, const exploit& from, const chance& random) const {
  return {near_to(from.values, random), ""};
}

} // namespace tune
