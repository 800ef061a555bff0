#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/scheduler/explore_step.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Population based training (Jaderberg et al. 2017, arXiv:1711.09846), with truncation selection as in Ray Tune. A
/// trial is judged after each interval: its loss then is its score. Of the live trials with a score, n, the ceil(n * q)
/// with the least are the best and as many the worst, at most half of them each. One of the worst pauses, and goes on
/// from one of the best, drawn by chance, that is not worse by then, with values near to that one's. NaN is the worst,
/// and nobody's donor; of equal losses the earlier trial's is the better. All draws depend on the trial and on how
/// often it has gone on so.
///
/// Asynchronous: any other gives its place to one that waits, if there is one; of those that have paused the one with
/// the fewest iterations goes on first. Synchronous: all pause, are judged when the last has come, and then go on.
class pbt_scheduler final : public scheduler {
public:
  /// `explore`: finds those values; of the options it looks at none that are for them.
  pbt_scheduler(const pbt_options& options, const scheduler_setup& setup, std::unique_ptr<explore_step> explore);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override;
  void on_trial_held(trial_id trial) override;
  std::optional<resumption> choose_paused() override;
  bool creates_first() const override { return true; }
  void on_exploited(trial_id trial, const exploit& with) override;
  bool stops() const override { return false; }
  bool needs_checkpoints() const override { return true; }
  iteration_number saves_every() const override { return options_.perturbation_interval; }

private:
  using variant = pbt_options::variant;
  struct life {
    config values;
    std::uint64_t exploits = 0;
    iteration_number iteration = 0; ///< Of its newest result.
    iteration_number judged_at = 0; ///< Of its score; 0: it has none.
    double score = 0;               ///< A loss; infinite for what is no number.
    bool is_among_worst = false;    ///< It is to go on from another one.
    bool has_paused = false;        ///< By this scheduler.
    bool is_held = false;           ///< By its user.
    bool has_arrived = false;       ///< Where the others are waited for, and has not been let go.
  };
  struct ranked {
    double score;
    trial_id trial;
  };

  iteration_number next_judged(const life& x) const;
  std::vector<ranked> ranking() const; ///< The best first.
  std::size_t quantile_of(std::size_t n) const;
  std::optional<std::string> place_of(trial_id trial, const life& x, bool& is_among_worst) const;
  void let_go_if_all_have_arrived();
  resumption resume(trial_id trial, life& x);
  std::optional<trial_id> donor_for(trial_id trial, const life& x, const chance& random) const;

  pbt_options options_;
  scheduler_setup setup_;
  std::unique_ptr<explore_step> explore_;
  std::map<trial_id, life> lives_; ///< Of trials that have not ended.
};

} // namespace tune
