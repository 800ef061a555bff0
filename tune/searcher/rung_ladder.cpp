#include "tune/searcher/rung_ladder.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {

rung_ladder::rung_ladder(iteration_number grace_period, double reduction_factor)
  : reduction_factor_(reduction_factor),
    next_level_(static_cast<double>(grace_period)) {
  open_above(0);
}

std::vector<std::string> rung_ladder::mistakes(const char* searcher, iteration_number grace_period,
                                               double reduction_factor) {
  std::vector<std::string> found;
  if (grace_period < 1)
    found.push_back(fmt::format("searcher {}: grace_period is {}, but must be 1 or more", searcher, grace_period));
  if (!(reduction_factor >= 1.5 && reduction_factor <= 1e6))
    found.push_back(
      fmt::format("searcher {}: reduction_factor is {}, but must be 1.5 to 1000000", searcher, reduction_factor));
  return found;
}

void rung_ladder::open_above(iteration_number iteration) {
  while (levels_.empty() || levels_.back() <= iteration) {
    const auto level = rung_level(next_level_);
    next_level_ *= reduction_factor_;
    if (levels_.empty() || levels_.back() < level)
      levels_.push_back(level);
  }
}

std::size_t rung_ladder::reached_at(iteration_number iteration) const {
  return static_cast<std::size_t>(std::upper_bound(levels_.begin(), levels_.end(), iteration) - levels_.begin());
}

} // namespace tune
