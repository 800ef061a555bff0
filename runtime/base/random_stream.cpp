#include "runtime/base/random_stream.hpp"

#include "runtime/base/invariant.hpp"

namespace runtime {
namespace {

std::uint64_t mix(std::uint64_t seed, std::string_view purpose) {
  std::uint64_t hash = 14695981039346656037u; // FNV-1a over the purpose, then SplitMix64's finaliser with the seed.
  for (const char c : purpose)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::uint64_t z = hash + seed * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

} // namespace

random_stream::random_stream(std::uint64_t seed, std::string_view purpose) : engine_(mix(seed, purpose)) {
}

std::uint64_t random_stream::below(std::uint64_t bound) {
  CAF_TUNE_INVARIANT(bound > 0, "below(0)");
  const std::uint64_t rejected = (0 - bound) % bound; // 2^64 mod bound: the part that would favour small numbers.
  std::uint64_t drawn = engine_();
  while (drawn < rejected)
    drawn = engine_();
  return drawn % bound;
}

double random_stream::unit() {
  return static_cast<double>(engine_() >> 11) * 0x1.0p-53;
}

} // namespace runtime
