#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/simulated_cluster.hpp"

namespace sim {

/// What a seed stands for: a cluster, what it has to do, and what goes wrong meanwhile.
struct storm {
  cluster_options shape;
  workload work;
  std::vector<fault> faults;
  std::chrono::seconds lasts{30};
  /// Nothing but silence goes wrong in the network: then nobody gives up what may still run, and no work may run twice.
  bool only_silence = false;
};

/// Anything from a calm day on one node to all faults at once, with any timing.
storm draw_storm(seed s);

std::string to_text(const storm& what); ///< One line: "3 nodes of 4 cpus, 2 owners; link breaks each 5 s".

struct storm_outcome {
  std::string wrong; ///< Empty: nothing.
  std::chrono::nanoseconds virtual_time{0};
  std::uint64_t events = 0;
  std::uint64_t trace_hash = 0; ///< Equal seeds, equal hashes.
};

/// First the storm, then healing, then everything must finish. `tell`, where given, hears all that happens.
storm_outcome survive(const storm& what, seed s, const std::function<void(const std::string&)>& tell = nullptr);

} // namespace sim
