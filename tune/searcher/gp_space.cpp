#include "tune/searcher/gp_space.hpp"

#include "tune/searcher/modelled_axes.hpp"
#include "tune/space/unit_encoding.hpp"

#include <algorithm>

namespace tune {
namespace {

constexpr std::uint64_t most_looked_at = 16; ///< Values in an order.

} // namespace

gp_space::gp_space(const space_plan& plan) : plan_(plan), is_plain_(!plan.has_constraints()) {
  for (std::size_t i = 0; i < plan.size(); ++i) {
    is_plain_ = is_plain_ && plan.at(i).links.empty();
    if (!is_modelled(plan.at(i)))
      continue;
    places_.push_back(i);
    axes_.emplace_back(plan.at(i).what);
  }
}

std::vector<std::uint64_t> gp_space::choices() const {
  std::vector<std::uint64_t> counts;
  for (const auto& each : axes_)
    counts.push_back(each.is() == unit_axis::kind::choices ? each.count() : 0);
  return counts;
}

bool gp_space::is_discrete(std::size_t i) const {
  return axes_[i].is() == unit_axis::kind::choices ||
         (axes_[i].is() == unit_axis::kind::cells && axes_[i].count() <= most_looked_at);
}

double gp_space::coordinate(std::size_t i, double unit) const {
  return axes_[i].is() == unit_axis::kind::choices ? static_cast<double>(axes_[i].cell_at(unit))
                                                   : axes_[i].nearest(unit);
}

std::vector<double> gp_space::units_of(const config& values) const {
  std::vector<double> units;
  for (std::size_t i = 0; i < dimensions(); ++i) {
    const auto& dimension = plan_.at(places_[i]);
    const auto* x = values.find(dimension.name);
    units.push_back(x != nullptr ? to_unit(dimension.what, *x) : 0.5);
  }
  return units;
}

gp_space::place gp_space::place_of(const config& values) const {
  place made;
  made.point.resize(static_cast<Eigen::Index>(dimensions()));
  made.active.resize(dimensions());
  for (std::size_t i = 0; i < dimensions(); ++i) {
    const auto& dimension = plan_.at(places_[i]);
    const auto* x = values.find(dimension.name);
    made.active[i] = x != nullptr;
    const double otherwise = axes_[i].is() == unit_axis::kind::choices ? 0 : 0.5;
    made.point[static_cast<Eigen::Index>(i)] = x != nullptr ? coordinate(i, to_unit(dimension.what, *x)) : otherwise;
  }
  return made;
}

std::optional<gp_space::place> gp_space::place_of(const std::vector<double>& units, const filter& may_be,
                                                  const chance& functions) const {
  if (!is_plain_ || may_be) {
    const auto made = config_at(units, may_be, functions);
    return made ? std::optional(place_of(*made)) : std::nullopt;
  }
  place made;
  made.point.resize(static_cast<Eigen::Index>(dimensions()));
  for (std::size_t i = 0; i < dimensions(); ++i)
    made.point[static_cast<Eigen::Index>(i)] = coordinate(i, units[i]);
  return made;
}

std::optional<config> gp_space::config_at(const std::vector<double>& units, const filter& may_be,
                                          const chance& functions) const {
  auto draws = functions.branch("sample_from", 0);
  std::vector<double> all(plan_.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = functions.unit(i);
  for (std::size_t i = 0; i < dimensions(); ++i)
    all[places_[i]] = units[i];
  auto made = plan_.complete(all, {}, draws);
  if (!made || !plan_.check(*made) || (may_be && !may_be(*made)))
    return std::nullopt;
  return std::move(*made);
}

} // namespace tune
