#include "tune/searcher/shuffled_index.hpp"

#include "tune/chance.hpp"

namespace tune {

std::uint64_t shuffled_index(std::uint64_t index, std::uint64_t count, std::uint64_t key) noexcept {
  unsigned half = 1; // Bits of one half of the network's block, which holds at least `count` numbers.
  while (half < 32 && (std::uint64_t{1} << (2 * half)) < count)
    ++half;
  const auto mask = (std::uint64_t{1} << half) - 1;
  do { // The block is less than four times as large: about so many turns at most, mostly one.
    auto left = index >> half;
    auto right = index & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const auto next = left ^ (chance(key, "shuffle", round).bits(right) & mask);
      left = right;
      right = next;
    }
    index = (left << half) | right;
  } while (index >= count);
  return index;
}

} // namespace tune
