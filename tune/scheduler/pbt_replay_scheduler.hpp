#pragma once

#include <cstddef>
#include <map>
#include <optional>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Has each trial go through the steps of a policy: at each it pauses and goes on from its own checkpoint, with the
/// values of that step. One that is beyond several steps takes the last of them.
class pbt_replay_scheduler final : public scheduler {
public:
  explicit pbt_replay_scheduler(pbt_policy policy) : policy_(std::move(policy)) {}

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override;
  void on_trial_held(trial_id trial) override;
  std::optional<resumption> choose_paused() override;
  void on_exploited(trial_id trial, const exploit& with) override;
  bool stops() const override { return false; }
  bool needs_checkpoints() const override { return true; }

private:
  struct life {
    std::size_t next = 0; ///< Of the steps: the first that it has not taken.
    iteration_number iteration = 0;
    bool has_paused = false;
  };

  std::size_t steps_done(const life& x) const; ///< By its iteration.

  pbt_policy policy_;
  std::map<trial_id, life> lives_; ///< Of trials that have not ended.
};

} // namespace tune
