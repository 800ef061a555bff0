#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/storm.hpp"

namespace sim {

struct seed_range {
  seed first = 1;
  seed last = 1;
};

struct pool_options {
  seed_range seeds;
  unsigned jobs = 1;                            ///< Processes at once.
  std::optional<std::chrono::seconds> lasts;    ///< Then no further seed begins.
  std::size_t most_failures = 1;                ///< Then no further seed begins.
  std::chrono::seconds seed_deadline{300};      ///< Real time. One that takes longer hangs.
};

struct seed_failure {
  seed s = 0;
  std::string wrong;
};

struct pool_report {
  std::uint64_t seeds = 0; ///< That came to an end, well or not.
  std::chrono::duration<double> virtual_time{0};
  std::uint64_t events = 0;
  std::vector<seed_failure> failures; ///< In the order of their seeds.
};

/// Runs `run` for each seed, in child processes: a seed that crashes is a failure like any other, and the rest goes on.
pool_report run_seeds(const pool_options& options, const std::function<storm_outcome(seed)>& run);

} // namespace sim
