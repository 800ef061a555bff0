#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tune/scheduler/asha_promotion.hpp"
#include "tune/scheduler/rung_trust.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// The scheduler of Hyper-Tune (Li et al. 2022, arXiv:2201.06834): ASHA of promotion type, delayed, whose trials wait
/// for the first time at a rung that is drawn for each: the more often, the less it costs to get there and the better
/// the order there has turned out to be that of the highest rung. All trials share the rungs.
class hyper_tune_scheduler final : public scheduler {
public:
  hyper_tune_scheduler(const hyper_tune_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override { inside_.on_trial_paused(trial); }
  void on_trial_held(trial_id trial) override { inside_.on_trial_held(trial); }
  std::optional<resumption> choose_paused() override { return inside_.choose_paused(); }
  std::vector<resumption> end_paused() override { return inside_.end_paused(); }
  std::optional<iteration_number> max_iterations() const override { return inside_.max_iterations(); }
  bool needs_checkpoints() const override { return true; }
  std::string doubt_with(std::uint64_t trials) const override { return inside_.doubt_with(trials); }

private:
  std::uint64_t seed_;
  double reduction_factor_;
  std::vector<iteration_number> levels_; ///< Of the rungs, and max_t.
  asha_promotion inside_;
  rung_trust trust_;
};

/// Which share of the trials waits at each level first. Those of which `trust` says something divide what they have
/// together as `trust` does, divided by the level; else it is as Hyperband divides its brackets. They add up to 1.
std::vector<double> shares_of_levels(const std::vector<iteration_number>& levels, double reduction_factor,
                                     const std::vector<double>& trust);

} // namespace tune
