#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/search_faults.hpp"
#include "tests/simulation/storm.hpp"

namespace sim {

/// What a seed stands for, of searches: what is searched and how, and what goes wrong meanwhile.
struct search_storm {
  search_plan plan;
  std::vector<search_fault> faults;
  std::chrono::seconds lasts{30};
};

search_storm draw_search_storm(seed s);

std::string to_text(const search_storm& what); ///< One line.

/// First the storm, then healing, then the search must be complete. `tell`, where given, hears all that happens.
storm_outcome survive(const search_storm& what, seed s, const std::function<void(const std::string&)>& tell = nullptr);

} // namespace sim
