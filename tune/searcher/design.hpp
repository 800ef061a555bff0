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

/// What a design is made for, besides its space.
struct design_setup {
  std::uint64_t seed = 0;
  std::uint64_t repeats = 1; ///< So many turns are expected in each cell; there may be more.
};

// In dimensions beyond those that a sequence has, all are by chance.
std::unique_ptr<design> random_design(const space_plan& plan, const design_setup& setup);
/// A scrambled Sobol sequence in each cell.
std::unique_ptr<design> sobol_design(const space_plan& plan, const design_setup& setup);
/// A scrambled Halton sequence in each cell.
std::unique_ptr<design> halton_design(const space_plan& plan, const design_setup& setup);
/// A Latin hypercube of `repeats` points in each cell: cut into so many rows, each dimension has one point in each.
/// Whoever takes more turns has another one.
std::unique_ptr<design> latin_hypercube_design(const space_plan& plan, const design_setup& setup);

} // namespace tune
