#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/unit_axis.hpp"

namespace tune {

/// A point in the unit cube of some axes, together with where it lies on those that have cells or choices.
struct parzen_point {
  std::vector<double> units;
  std::vector<std::uint32_t> places;

  /// Each number becomes what its axis has nearest to it.
  static parzen_point at(const std::vector<unit_axis>& axes, std::vector<double> units);
};

/// An adaptive Parzen estimator: a mixture of product kernels, one around each observation, and first the prior, which
/// covers all. Numbers and cells have normal kernels truncated to [0, 1] (cells their share of it), as wide as the
/// larger distance to the neighbours on the axis, among which the prior's middle is one, and at least 0.03 (Watanabe
/// 2023, arXiv:2304.11127) and 0.1 n^(-1/(axes + 4)). Choices have Aitchison and Aitken's kernel with the base 1/n.
class parzen_kernels {
public:
  using key = std::uint64_t;
  struct observation {
    key which;
    const parzen_point* where;
  };

  explicit parzen_kernels(std::vector<unit_axis> axes);

  /// The kernels are around these from now on, whose keys ascend. What they were before changes nothing but the cost.
  void assign(const std::vector<observation>& wanted);
  /// One for each kernel, the prior first; any positive numbers. Equal ones after assign().
  void weigh(const std::vector<double>& weights);

  std::size_t size() const noexcept { return keys_.size(); } ///< With the prior.
  double log_density(const parzen_point& x) const;
  parzen_point draw(chance random) const;

  double deviation(std::size_t axis, std::size_t kernel) const { return columns_[axis].deviations[kernel]; }

private:
  /// One axis; a number for each kernel.
  struct column {
    // Of numbers and cells: the kernel's logarithm at u is constant - (u * scale - shift)^2.
    std::vector<double> middles, deviations, scales, shifts, constants;
    std::vector<std::vector<double>> shares; ///< By wide cell: the logarithm of what of the kernel lies in it.
    std::vector<std::uint32_t> order;        ///< Kernels by their middle.
    std::vector<std::uint32_t> choices;      ///< Of choices.
  };

  void erase(std::size_t kernel);
  void insert(std::size_t kernel, const observation& what);
  void add(std::size_t axis, std::size_t kernel, double unit, std::uint32_t place);
  void adapt(std::size_t axis);
  void set_deviation(std::size_t axis, std::size_t kernel, double deviation);
  double draw_on(std::size_t axis, std::size_t kernel, chance& random) const;

  std::vector<unit_axis> axes_;
  std::vector<key> keys_; ///< Of the kernels; the prior's does not count.
  std::vector<column> columns_;
  std::vector<double> log_weights_;
  std::vector<double> shares_up_to_; ///< Of the weights.
  mutable std::vector<double> logs_; ///< Only saves allocations.
};

} // namespace tune
