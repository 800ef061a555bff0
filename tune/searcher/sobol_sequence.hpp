#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tune {

/// Points of a Sobol sequence with the direction numbers of Joe and Kuo (2008), in Gray-code order from the point 0.
class sobol_sequence {
public:
  static constexpr std::size_t most_dimensions = 3667;

  explicit sobol_sequence(std::size_t dimensions); ///< At most most_dimensions.

  std::size_t dimensions() const noexcept { return dimensions_; }
  /// A coordinate times 2^32; the index counts modulo 2^32.
  std::uint32_t at(std::uint64_t index, std::size_t dimension) const noexcept;

private:
  std::size_t dimensions_;
  std::vector<std::uint32_t> directions_; ///< 32 for each dimension.
};

/// Owen's scrambling by a hash (Burley 2020, "Practical hash-based Owen scrambling"): of the points of a sequence, so
/// that each of them is uniform, and they stay as even as they were.
std::uint32_t scrambled(std::uint32_t coordinate, std::uint32_t key) noexcept;

/// In (0, 1).
double unit_of(std::uint32_t coordinate) noexcept;

} // namespace tune
