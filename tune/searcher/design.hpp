#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tune/space/space_plan.hpp"

namespace tune {

/// Where in the unit cube the trials of a searcher lie that does not learn from results.
class design {
public:
  struct turn {
    std::uint64_t trial = 0;
    std::uint64_t cell = 0;   ///< Of the grid; 0 if there is none.
    std::uint64_t repeat = 0; ///< How many trials there were in this cell before.
  };

  virtual ~design() = default;
  /// A number for each dimension of the plan.
  virtual void place(const turn& which, std::vector<double>& units) const = 0;
};

/// By chance.
std::unique_ptr<design> random_design(std::uint64_t seed);
/// A scrambled Sobol sequence in each cell; by chance in dimensions beyond those that it has.
std::unique_ptr<design> sobol_design(const space_plan& plan, std::uint64_t seed);

} // namespace tune
