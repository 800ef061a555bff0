#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/resources/resource_set.hpp"
#include "tune/controller/failure_budget.hpp"
#include "tune/controller/stop_condition.hpp"
#include "tune/objective.hpp"
#include "tune/spec/spec_mistake.hpp"
#include "tune/trial/attempt_messages.hpp"

namespace tune {

/// What of a spec file says how trials are run, beside what runs them: defaults as of tune/experiment.hpp.
struct run_spec {
  /// `{training_iteration: 81, accuracy: 0.99}`; a bound that is only a number is one from below, but for an objective
  /// that is to be minimised. `{loss: {at_most: 0.1}}` says it.
  std::vector<stop_condition> stop;
  runtime::resource_set resources = runtime::cpus(1);
  failure_options failures;              ///< max_failures, max_losses.
  std::size_t max_concurrent_trials = 0; ///< 0: as many as the cluster holds.
  checkpoint_policy checkpoints;         ///< `checkpoints: {every: 5, at_end: true, keep: 2}`
  std::size_t checkpoints_kept = 2;
  std::optional<std::chrono::nanoseconds> time_budget;
  std::optional<std::chrono::nanoseconds> step_deadline;
  std::optional<std::chrono::nanoseconds> trial_deadline;
  bool fail_fast = false;
  bool wait_for_nodes = false;
  bool wait_for_disk = false;
  bool process_per_attempt = false;
  std::size_t in_process_threads = 0;
};

/// Reads these of a spec file that read_search_spec() has read, with its objectives. All mistakes are told, each with
/// its line. A file that is only a mapping of parameters says nothing of them.
struct run_spec_read {
  run_spec spec;
  std::vector<spec_mistake> mistakes;
};
[[nodiscard]] run_spec_read read_run_spec(std::string_view text, const std::vector<objective>& objectives);

} // namespace tune
