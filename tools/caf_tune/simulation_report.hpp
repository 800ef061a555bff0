#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/simulate/simulation_plan.hpp"

/// What caf-tune simulate prints.
namespace tools {

struct simulation_run {
  std::uint64_t seed = 0;
  tune::simulated_outcome what;
};

struct simulation_about {
  std::string spec; ///< The file's name, as it was given.
  std::string like; ///< Whose learning curves; empty: they are invented.
  std::size_t recorded_trials = 0;
};

/// For people: what was simulated, then a table; with several runs the median and the range of each figure.
[[nodiscard]] std::string simulation_text(const tune::simulation_plan& plan, const simulation_about& about,
                                          const std::vector<simulation_run>& runs);
/// The same as one JSON document, with each run; times in seconds.
[[nodiscard]] std::string simulation_json(const tune::simulation_plan& plan, const simulation_about& about,
                                          const std::vector<simulation_run>& runs);

} // namespace tools
