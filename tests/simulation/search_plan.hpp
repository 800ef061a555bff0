#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/random_stream.hpp"
#include "tests/simulation/simulated_attempt.hpp"
#include "tune/controller/controller_core.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/schedulers.hpp"
#include "tune/searchers.hpp"

namespace sim {

/// A search, and how its drivers go about it.
struct search_plan {
  std::uint64_t seed = 0;
  tune::search_space space;
  tune::searcher_choice searcher = tune::random_search();
  tune::scheduler_choice scheduler = tune::fifo();
  tune::controller_options options; ///< But for what follows from the rest.
  tune::checkpoint_policy checkpoints;
  tune::file_journal_options journal;
  trial_habits habits;
  std::size_t places = 1;
  bool is_in_process = false; ///< Attempts run on so many threads of the driver, and end with it.
};

/// Anything from one trial to a few dozen, with any searcher, scheduler and habits.
search_plan draw_search_plan(runtime::random_stream& random);
std::string to_text(const search_plan& plan); ///< "20 trials at 3 places, tpe, asha".

std::shared_ptr<tune::controller_core> make_core(const search_plan& plan);
/// What is said to workers of each attempt.
tune::attempt_order make_order(const search_plan& plan, const tune::controller_core::start_attempt& start,
                               std::string directory);

} // namespace sim
