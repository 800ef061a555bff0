#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/controller/failure_budget.hpp"
#include "tune/controller/stop_condition.hpp"
#include "tune/objective.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What a controller is told of its experiment.
struct controller_options {
  std::string id; ///< 8 hex digits.
  std::string name;
  std::string description; ///< JSON, for the journal.
  std::uint64_t seed = 0;
  std::uint64_t samples = 1;         ///< As the user said it.
  std::uint64_t trials = 1;          ///< So many are created, unless the searcher is exhausted before.
  std::vector<objective> objectives; ///< At least one; the first is what schedulers see.
  std::vector<stop_condition> stop;
  bool answer_each = false; ///< No report goes on before its result is on disk.
  /// Attempts tell all at once: nobody needs an answer to hear more of them, and who has leave waits for none.
  bool told_at_once = false;
  std::uint64_t most_unwritten = 100'000; ///< Records: with more that are not on disk yet, no trial is begun.
  std::size_t max_concurrent_trials = 0;  ///< 0: as many as the cluster holds.
  std::optional<std::chrono::nanoseconds> time_budget; ///< Of this run of the driver.
  failure_options failures;
  bool fail_fast = false; ///< The first trial that is given up ends the experiment.
  /// Of one iteration, and of what a trial does before its first. Absent: `step_deadline_factor` times the median
  /// step of the experiment, and at least `least_step_deadline`.
  std::optional<std::chrono::nanoseconds> step_deadline;
  int step_deadline_factor = 100;
  std::chrono::nanoseconds least_step_deadline = std::chrono::seconds(60);
  std::optional<std::chrono::nanoseconds> trial_deadline; ///< Of all attempts together, while they run.
  std::chrono::nanoseconds end_deadline =
    std::chrono::seconds(10);       ///< To save and end when told to; then it is killed.
  std::size_t checkpoints_kept = 2; ///< Per trial: the newest and the best ones.
  /// What a trial whose resources were increased waits for them; then it goes on with what it had.
  std::chrono::nanoseconds resize_patience = std::chrono::seconds(5);
};

} // namespace tune
