#pragma once

#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/simulation/simulated_network.hpp"

namespace sim {

/// How a storm's faults are drawn from its seed: each that is known with 1 in 2, at a rate and a length of its own.
template <class Fault>
using make_fault = std::function<Fault(std::chrono::nanoseconds every, std::chrono::nanoseconds longest)>;

/// One that knows no length.
template <class Fault>
make_fault<Fault> without_length(Fault (*make)(std::chrono::nanoseconds every)) {
  return [make](std::chrono::nanoseconds every, std::chrono::nanoseconds) { return make(every); };
}

/// From some each second to one in half a minute, and each range of them as often as the next.
inline std::chrono::nanoseconds draw_pause(random_stream& random) {
  using namespace std::chrono_literals;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(300ms * std::pow(100.0, random.unit()));
}

template <class Fault>
std::vector<Fault> draw_faults(random_stream& random, const std::vector<make_fault<Fault>>& known) {
  using namespace std::chrono_literals;
  std::vector<Fault> faults;
  for (const auto& make : known)
    if (random.chance(0.5)) {
      const auto longest = between(random, 500ms, 12s);
      faults.push_back(make(draw_pause(random), longest));
    }
  return faults;
}

} // namespace sim
