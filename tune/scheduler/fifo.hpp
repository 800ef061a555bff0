#pragma once

#include <limits>

#include "tune/scheduler/scheduler.hpp"

namespace tune {

/// Lets each trial run to its end.
class fifo_scheduler final : public scheduler {
public:
  void on_trial_created(trial_id, const config&) override {}
  decision on_result(const scheduler_result&) override { return {}; }
  iteration_number next_judged(trial_id, iteration_number) const override {
    return std::numeric_limits<iteration_number>::max();
  }
  void on_trial_end(trial_id, trial_state) override {}
};

} // namespace tune
