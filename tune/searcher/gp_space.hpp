#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/unit_axis.hpp"
#include "tune/space/space_plan.hpp"

#include <Eigen/Core>

namespace tune {

/// A space as a Gaussian process sees it: those parameters that have something to choose, each a number in [0, 1] or
/// the index of a choice. One that is not active lies in the middle, or is the first choice: what its parent is tells
/// such points apart already.
class gp_space {
public:
  explicit gp_space(const space_plan& plan); ///< Outlives this.

  std::size_t dimensions() const noexcept { return places_.size(); }
  const unit_axis& axis(std::size_t i) const { return axes_[i]; }
  /// For each dimension how many choices it has; 0: it is a number.
  std::vector<std::uint64_t> choices() const;
  bool is_conditional(std::size_t i) const { return !plan_.at(places_[i]).links.empty(); }
  /// Whether the values of a dimension are looked at one by one: choices, and few values in an order.
  bool is_discrete(std::size_t i) const;

  struct place {
    Eigen::VectorXd point;
    std::vector<bool> active; ///< Empty: all.

    bool is_active(std::size_t i) const { return active.empty() || active[i]; }
  };
  place place_of(const config& values) const;
  std::vector<double> units_of(const config& values) const;

  using filter = std::function<bool(const config&)>;
  /// Where a number in [0, 1] for each dimension leads to; none: it cannot be tried. `may_be`: unless it is null, what
  /// else must hold of a configuration. `functions`: for parameters that are drawn by functions.
  std::optional<place> place_of(const std::vector<double>& units, const filter& may_be, const chance& functions) const;
  /// The configuration there. What no model knows of is drawn from `functions`.
  std::optional<config> config_at(const std::vector<double>& units, const filter& may_be,
                                  const chance& functions) const;

private:
  double coordinate(std::size_t i, double unit) const;

  const space_plan& plan_;
  std::vector<std::size_t> places_; ///< In the plan.
  std::vector<unit_axis> axes_;
  bool is_plain_; ///< No conditions and no constraints: every point can be tried.
};

} // namespace tune
