#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Stops a trial that has become worse for a while (as Optuna's PatientPruner; one that stays equal goes on): the best
/// of its last patience + 1 results is worse than the best before them was by more than min_delta. With another
/// scheduler inside, that one hears every result, and has it stopped only then. A metric that is no number is
/// worse than all.
class patient_scheduler final : public scheduler {
public:
  /// `inside`: none, or one that pauses no trials.
  patient_scheduler(const patient_options& options, const scheduler_setup& setup, std::unique_ptr<scheduler> inside);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  std::optional<iteration_number> max_iterations() const override;

private:
  struct history {
    double best_before; ///< Infinite if there is none.
    std::size_t results = 0;
    iteration_number newest = 0;
    /// Of the last patience + 1 results those that are better than all after them, with their place.
    std::deque<std::pair<std::size_t, double>> best_after = {};
    std::deque<double> last = {}; ///< At most patience + 1.
  };

  std::size_t span() const { return static_cast<std::size_t>(options_.patience) + 1; }

  patient_options options_;
  scheduler_setup setup_;
  std::unique_ptr<scheduler> inside_;
  std::map<trial_id, history> trials_; ///< That have not ended.
};

} // namespace tune
