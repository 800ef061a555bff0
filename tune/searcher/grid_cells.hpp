#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/space/finite_points.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Which dimensions are crossed with each other.
enum class crossing {
  grids,      ///< Those that are grids.
  everything, ///< All that have finitely many values; there are no others but functions.
};

/// The cells of a grid: the points of the cross product, the last axis fastest. Of those that conditions or
/// constraints thin out a table is kept.
class grid_cells {
public:
  static constexpr std::uint64_t most_in_table = 1'000'000;

  /// What cannot be crossed, each with its place; empty: the cells can be made.
  static std::vector<std::string> mistakes(const space_plan& plan, crossing what);

  grid_cells(const space_plan& plan, crossing what);

  bool has_axes() const noexcept { return has_axes_; }
  std::uint64_t count() const noexcept { return count_; } ///< 1 if there are no axes.
  space_plan::values values_at(std::uint64_t cell) const;
  /// A configuration of this cell that holds the constraints, if one was found; always the same.
  [[nodiscard]] result<config> any_in(const space_plan& plan, std::uint64_t cell) const;

private:
  std::vector<finite_points> points_; ///< One.
  std::vector<std::uint64_t> table_;  ///< Ranks; empty: every rank is a cell.
  std::uint64_t count_ = 1;
  bool has_axes_ = false;
};

} // namespace tune
