#include "tune/searcher/cma_restarts.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr int most_doublings = 9; ///< As pycma; a generation of thousands of trials learns from none of them in time.

} // namespace

cma_restarts::cma_restarts(cma_es_search_options::restart which, std::size_t population, double deviation)
  : which_(which),
    population_(population),
    deviation_(deviation) {
}

cma_restarts::run cma_restarts::first(std::size_t population) {
  population_ = population;
  return {population_, deviation_, std::nullopt};
}

cma_restarts::run cma_restarts::next(std::uint64_t trials, chance random) {
  (was_large_ ? large_trials_ : small_trials_) += trials;
  was_large_ = which_ == cma_es_search_options::restart::ipop || small_trials_ >= large_trials_;
  if (was_large_) {
    large_runs_ = std::min(large_runs_ + 1, most_doublings);
    return {population_ << large_runs_, deviation_, std::nullopt};
  }
  const double between = random.unit();
  const double largest = std::pow(2.0, large_runs_);
  const auto population = static_cast<double>(population_) * std::pow(largest, between * between);
  return {static_cast<std::size_t>(population), deviation_ * std::pow(0.01, random.unit()), large_trials_ / 2};
}

} // namespace tune
