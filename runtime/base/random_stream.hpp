#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace runtime {

/// Chance from a seed, the same on every machine and standard library. One stream for each purpose, so that a new draw
/// here shifts none there. Not for secrets.
class random_stream {
public:
  explicit random_stream(std::uint64_t seed) : engine_(seed) {}
  random_stream(std::uint64_t seed, std::string_view purpose);

  std::uint64_t next() { return engine_(); }
  std::uint64_t below(std::uint64_t bound); ///< Uniform in [0, bound); bound at least 1.
  double unit();                            ///< Uniform in [0, 1).
  bool chance(double probability) { return unit() < probability; }

private:
  std::mt19937_64 engine_; // The standard's engines are the same everywhere; its distributions are not.
};

} // namespace runtime
