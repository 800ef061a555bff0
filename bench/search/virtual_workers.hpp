#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "bench/search/curve_table.hpp"
#include "tune/schedulers.hpp"
#include "tune/searchers.hpp"

namespace bench {

struct virtual_search {
  tune::searcher_choice searcher;
  tune::scheduler_choice scheduler;
  std::uint64_t seed = 1;
  std::size_t workers = 4;
  std::uint64_t most_epochs = 10'000; ///< Of all trials together.
  /// Then it ends, when a trial that has trained to the end is as good as this.
  double until = -std::numeric_limits<double>::infinity();
};

/// A trial has trained to the end, and none that did so before was as good.
struct better_one {
  std::uint64_t epochs = 0; ///< That all trials together had done by then.
  std::uint64_t time = 0;   ///< In epochs of one worker.
  double loss = std::numeric_limits<double>::infinity();
};

/// Runs an experiment, with the controller of a real one, on workers that exist in virtual time only: an epoch takes
/// them one unit of it, a start and a checkpoint none.
std::vector<better_one> run(const virtual_search& what, const curve_table& table);

} // namespace bench
