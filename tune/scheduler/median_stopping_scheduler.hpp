#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// The median stopping rule (Golovin et al. 2017, "Google Vizier", section 3.2.2, as in Ray Tune): a trial stops if its
/// best loss so far is worse than the median of the running means of all others that came as far, each from
/// grace_period to where it is now. Losses that are no finite number are left out of means; a trial that has no other
/// is worse than all. The best of all trials is never stopped.
class median_stopping_scheduler final : public scheduler {
public:
  /// It compares to at most so many trials that have ended, those with the highest numbers, so that a decision does
  /// not cost more with each.
  static constexpr std::size_t most_ended = 1'000;

  median_stopping_scheduler(const median_stopping_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;

private:
  /// What there is from grace_period on.
  struct curve {
    std::vector<iteration_number> iterations; ///< Of results, ascending.
    std::vector<double> means;                ///< Of all up to there; infinite without a finite one.
    double sum = 0;
    std::size_t finite = 0;
    double best = 0; ///< Of the finite ones, if there are any, before grace_period, too.
    bool has_best = false;
    bool has_ended = false;

    void add(iteration_number iteration, double loss);
    double mean_at(iteration_number iteration) const; ///< It came so far.
  };

  median_stopping_options options_;
  scheduler_setup setup_;
  std::map<trial_id, curve> curves_;
  std::set<trial_id> ended_; ///< Of curves_.
};

} // namespace tune
