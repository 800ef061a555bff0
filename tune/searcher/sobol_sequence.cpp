#include "tune/searcher/sobol_sequence.hpp"

#include "runtime/base/invariant.hpp"

#include <boost/random/sobol.hpp>

namespace tune {
namespace {

constexpr unsigned bits = 32;

std::uint32_t reversed(std::uint32_t x) noexcept {
  x = ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
  x = ((x >> 2) & 0x33333333u) | ((x & 0x33333333u) << 2);
  x = ((x >> 4) & 0x0f0f0f0fu) | ((x & 0x0f0f0f0fu) << 4);
  x = ((x >> 8) & 0x00ff00ffu) | ((x & 0x00ff00ffu) << 8);
  return (x >> 16) | (x << 16);
}

} // namespace

sobol_sequence::sobol_sequence(std::size_t dimensions) : dimensions_(dimensions), directions_(dimensions * bits) {
  CAF_TUNE_INVARIANT(dimensions <= most_dimensions, "{} dimensions", dimensions);
  if (dimensions == 0)
    return;
  // Boost's engine begins after the point 0. Point 2^(b+1) - 1 is direction number b alone, by its Gray code.
  boost::random::sobol_engine<std::uint32_t, bits> engine(dimensions);
  for (unsigned b = 0; b < bits; ++b) {
    engine.seed(static_cast<std::uint32_t>((std::uint64_t{1} << (b + 1)) - 2));
    for (std::size_t j = 0; j < dimensions; ++j)
      directions_[j * bits + b] = engine();
  }
}

std::uint32_t sobol_sequence::at(std::uint64_t index, std::size_t dimension) const noexcept {
  const auto low = static_cast<std::uint32_t>(index);
  const auto* direction = &directions_[dimension * bits];
  std::uint32_t x = 0;
  for (auto code = low ^ (low >> 1); code != 0; code >>= 1, ++direction)
    if ((code & 1u) != 0)
      x ^= *direction;
  return x;
}

std::uint32_t scrambled(std::uint32_t coordinate, std::uint32_t key) noexcept {
  auto x = reversed(coordinate);
  x ^= x * 0x3d20adeau;
  x += key;
  x *= (key >> 16) | 1u;
  x ^= x * 0x05526c56u;
  x ^= x * 0x53a22864u;
  return reversed(x);
}

double unit_of(std::uint32_t coordinate) noexcept {
  return (static_cast<double>(coordinate) + 0.5) * 0x1p-32;
}

} // namespace tune
