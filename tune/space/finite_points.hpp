#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tune/space/space_plan.hpp"

namespace tune {

/// The points of the cross product of some of a plan's dimensions, the axes: each has finitely many values. A point's
/// rank counts in mixed radix with the last axis fastest; what is not active counts as 0, so that each point has one
/// rank, and with conditions there are ranks without a point.
class finite_points {
public:
  /// None if there are more ranks than 2^63 - 1. Axes are dimensions with a count, ascending. A condition on a
  /// dimension that is neither an axis nor constant is taken for fulfilled.
  static std::optional<finite_points> of(const space_plan& plan, std::vector<std::size_t> axes);

  const std::vector<std::size_t>& axes() const noexcept { return axes_; }
  std::uint64_t ranks() const noexcept { return ranks_; }
  bool has_conditions() const noexcept { return has_conditions_; }

  /// The next point at or after this rank; none: there is none.
  std::optional<std::uint64_t> at_or_after(std::uint64_t rank) const;
  /// Its values; those of other dimensions, and of axes that are not active, stay undecided.
  space_plan::values values_at(std::uint64_t rank) const;
  /// The rank of a configuration; none if a value is not one of its axis.
  std::optional<std::uint64_t> rank_of(const config& values) const;

private:
  struct link {
    std::size_t parent; ///< An axis, by its place among them.
    std::vector<std::uint64_t> digits;
  };
  struct axis {
    std::uint64_t count = 1;
    std::vector<link> links;
    bool is_never_active = false;
  };
  using digits = std::vector<std::uint64_t>;

  explicit finite_points(const space_plan& plan) : plan_(&plan) {}
  digits digits_of(std::uint64_t rank) const;
  bool is_active(std::size_t axis, const digits& point, const std::vector<bool>& active) const;
  std::vector<bool> activity(const digits& point) const;

  const space_plan* plan_; ///< Outlives this.
  std::vector<std::size_t> axes_;
  std::vector<axis> forms_;
  std::uint64_t ranks_ = 1;
  bool has_conditions_ = false;
};

} // namespace tune
