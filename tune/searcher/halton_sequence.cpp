#include "tune/searcher/halton_sequence.hpp"

#include "tune/searcher/shuffled_index.hpp"

#include <algorithm>

namespace tune {
namespace {

constexpr double least = 0x1p-53; ///< What a digit must weigh to be seen in [0, 1).
constexpr double below_one = 1 - 0x1p-53;

} // namespace

double halton_sequence::at(std::uint64_t index, std::size_t dimension) noexcept {
  const std::uint64_t base = bases[dimension];
  double weight = 1;
  double sum = 0;
  for (; index != 0; index /= base) {
    weight /= static_cast<double>(base);
    sum += weight * static_cast<double>(index % base);
  }
  return std::min(sum, below_one);
}

double halton_sequence::scrambled_at(std::uint64_t index, std::size_t dimension, const chance& key) noexcept {
  const std::uint64_t base = bases[dimension];
  double weight = 1;
  double sum = 0;
  // The zeros behind the last digit are digits, too: else points would lie on a lattice.
  for (std::uint64_t place = 0; weight > least; ++place, index /= base) {
    weight /= static_cast<double>(base);
    sum += weight * static_cast<double>(shuffled_index(index % base, base, key.bits(place)));
  }
  return std::min(sum, below_one);
}

} // namespace tune
