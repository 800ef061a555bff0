#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tune/chance.hpp"

namespace tune {

/// Points of a Halton sequence (1960): coordinate j of point n is n with its digits in the j-th prime base mirrored at
/// the point, from the point 0.
class halton_sequence {
public:
  /// In larger bases the first hundreds of points fill hardly anything more evenly than chance.
  static constexpr std::size_t most_dimensions = 20;

  static double at(std::uint64_t index, std::size_t dimension) noexcept; ///< In [0, 1).
  /// Each digit is permuted, with a permutation for each place that depends on the key (random digit scrambling, as in
  /// Owen 2017, arXiv:1706.02808): as even, uniform, and without the correlations of large bases. In [0, 1).
  static double scrambled_at(std::uint64_t index, std::size_t dimension, const chance& key) noexcept;

private:
  static constexpr std::array<std::uint32_t, most_dimensions> bases = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29,
                                                                       31, 37, 41, 43, 47, 53, 59, 61, 67, 71};
};

} // namespace tune
