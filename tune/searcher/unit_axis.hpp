#pragma once

#include <cstdint>

#include "tune/domain.hpp"

namespace tune {

/// A parameter as a model sees it, on the scale of to_unit(): any number in [0, 1]; or, of finitely many values in an
/// order, cells of [0, 1] that lie side by side; or choices of which none is like another. A normally distributed
/// parameter is a number, even if it has steps.
class unit_axis {
public:
  enum class kind { number, cells, choices };
  struct interval {
    double low;
    double high;
  };
  /// Cells are told apart by their index where they are at least this wide. Narrower ones hardly differ from numbers.
  static constexpr double narrow = 1.0 / 64;
  static constexpr std::uint32_t no_cell = UINT32_MAX;

  /// A domain without mistakes whose value is to be chosen: no constant, function, group or grid.
  explicit unit_axis(const domain& what);

  kind is() const noexcept { return kind_; }
  std::uint64_t count() const noexcept { return count_; } ///< Of values; 0: no end of them.
  /// So many cells, from the first on, are not narrow. On a logarithmic scale each is narrower than the one before.
  std::uint32_t wide_cells() const noexcept { return wide_; }

  std::uint64_t cell_at(double u) const;        ///< Which value u stands for; 0 for a number.
  double middle_of(std::uint64_t cell) const;   ///< What to_unit() says of that value.
  interval bounds_of(std::uint64_t cell) const; ///< Not of choices.

  double nearest(double u) const; ///< What to_unit() says of the value that from_unit() makes of u.
  /// The choice, or the wide cell; no_cell: look at the number.
  std::uint32_t place_of(double u) const;

private:
  double from_value(double x) const;

  kind kind_ = kind::number;
  std::uint64_t count_ = 0;
  std::uint32_t wide_ = 0;
  bool is_log_ = false;
  double low_ = 0; ///< Of the values, and their distance; only on a logarithmic scale.
  double step_ = 1;
  double log_low_ = 0; ///< Half a step below the first.
  double log_range_ = 1;
};

} // namespace tune
