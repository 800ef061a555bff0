#pragma once

#include <limits>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Stops a trial whose metric leaves a range or is no number, from grace_period on.
class threshold_stopping final : public scheduler {
public:
  threshold_stopping(const threshold_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id, const config&) override {}
  decision on_result(const scheduler_result& result) override;
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id, trial_state) override {}

private:
  threshold_options options_;
  scheduler_setup setup_;
};

} // namespace tune
