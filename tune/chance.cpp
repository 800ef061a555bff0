#include "tune/chance.hpp"

#include "tune/space/standard_normal.hpp"

namespace tune {
namespace {

/// SplitMix64's finaliser.
std::uint64_t mixed(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

} // namespace

chance::chance(std::uint64_t seed, std::string_view purpose, std::uint64_t number) noexcept
  : key_(mixed(seed ^ hash_of(purpose)) ^ number * 0x9e3779b97f4a7c15u) {
}

chance chance::branch(std::string_view purpose, std::uint64_t number) const noexcept {
  return chance(key_, purpose, number);
}

std::uint64_t chance::bits(std::uint64_t i) const noexcept {
  return mixed(key_ ^ i);
}

double chance::unit(std::uint64_t i) const noexcept {
  return static_cast<double>(bits(i) >> 11) * 0x1p-53;
}

double chance::open_unit(std::uint64_t i) const noexcept {
  return (static_cast<double>(bits(i) >> 12) + 0.5) * 0x1p-52;
}

double chance::between(double low, double high) noexcept {
  return low + unit() * (high - low);
}

std::uint64_t chance::below(std::uint64_t bound) noexcept {
  if (bound == 0)
    return 0;
  const std::uint64_t rejected = (0 - bound) % bound; // 2^64 mod bound: the part that would favour small numbers.
  std::uint64_t drawn = bits(next_++);
  while (drawn < rejected)
    drawn = bits(next_++);
  return drawn % bound;
}

std::int64_t chance::integer(std::int64_t low, std::int64_t high) noexcept {
  const auto count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1; // 0: all there are.
  const auto offset = count == 0 ? bits(next_++) : below(count);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

double chance::normal(double mean, double deviation) noexcept {
  return mean + deviation * normal_quantile(open_unit(next_++));
}

} // namespace tune
