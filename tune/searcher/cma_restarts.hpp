#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tune/chance.hpp"
#include "tune/searchers.hpp"

namespace tune {

/// What comes when a run of a CMA-ES has converged: another one, elsewhere, with a larger population (IPOP: Auger and
/// Hansen 2005), or in turn large ones and small ones with as many trials (BIPOP: Hansen 2009).
class cma_restarts {
public:
  struct run {
    std::size_t population;
    double deviation;
    std::optional<std::uint64_t> most_trials; ///< Then it ends, converged or not.
  };

  cma_restarts(cma_es_search_options::restart which, std::size_t population, double deviation);

  /// The first run: with a population that may have been made larger than usual.
  run first(std::size_t population);
  /// `trials`: of the run that has ended.
  run next(std::uint64_t trials, chance random);

private:
  cma_es_search_options::restart which_;
  std::size_t population_; ///< The first run's.
  double deviation_;
  bool was_large_ = false;
  int large_runs_ = 0;
  std::uint64_t large_trials_ = 0;
  std::uint64_t small_trials_ = 0;
};

} // namespace tune
