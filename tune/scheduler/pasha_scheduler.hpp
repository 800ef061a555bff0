#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tune/scheduler/asha_promotion.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// PASHA (Bohdal et al. 2023, arXiv:2207.06940): ASHA of promotion type whose trials go no further than a ceiling, at
/// first the second rung. It rises by one rung whenever the order of the trials at the ceiling is not the one that they
/// had at the rung below. Orders are equal if each trial is, at the rung below, within epsilon of the one that was in
/// its place there. Epsilon is what noise makes of two trials that are equal: of pairs at the ceiling of which one has
/// overtaken the other and was overtaken again, 90 % are there at most so far apart.
class pasha_scheduler final : public scheduler {
public:
  pasha_scheduler(const pasha_options& options, const scheduler_setup& setup);

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

private:
  using curve = std::vector<std::pair<iteration_number, double>>; ///< Iterations ascending.
  using entry = std::pair<double, trial_id>; ///< A loss and whose it is; of equal ones the earlier trial is the better.

  void arrive(trial_id trial, std::size_t rung, double loss);
  void compare_curves(trial_id trial);
  double epsilon() const;
  bool is_order_stable() const;
  void raise();

  std::vector<iteration_number> levels_;
  std::size_t ceiling_ = 0; ///< The rung where trials wait; beyond the last: nobody waits there.
  asha_promotion inside_;
  std::map<trial_id, curve> curves_;               ///< Of trials that have not ended, or are at the ceiling.
  std::set<trial_id> running_;                     ///< Have not ended.
  std::vector<std::map<trial_id, double>> losses_; ///< By rung.
  std::vector<double> noises_; ///< Of pairs at the ceiling that crossed twice: how far apart; ascending.
  double last_epsilon_ = 0;    ///< At the ceiling before.
};

} // namespace tune
