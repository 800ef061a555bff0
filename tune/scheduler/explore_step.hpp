#pragma once

#include <string>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How a population finds the values of a trial that goes on from another one's state. A pure core, which hears what
/// its scheduler hears of the trials that have not ended, in the same order.
class explore_step {
public:
  struct report {
    trial_id trial;
    iteration_number iteration = 0;
    double loss = 0;        ///< NaN or infinite if the metric is.
    bool is_judged = false; ///< It is the trial's score from now on.
  };
  struct found {
    config values;
    std::string how; ///< For people; empty: there is nothing to say.
  };

  virtual ~explore_step() = default;

  virtual void on_trial_created(trial_id trial, const config& values) {
    (void)trial;
    (void)values;
  }
  virtual void on_result(const report& what) { (void)what; }
  virtual void on_exploited(trial_id trial, const exploit& with) {
    (void)trial;
    (void)with;
  }
  virtual void on_trial_end(trial_id trial) { (void)trial; }

  /// `from`: the donor and its values. The same whenever it is asked, if nothing was heard between.
  virtual found explore(trial_id trial, const exploit& from, const chance& random) const = 0;
};

} // namespace tune
