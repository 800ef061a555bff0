#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// ASHA, stopping type (Li et al. 2020, arXiv:1810.05934, as in Ray Tune and Syne Tune). At the highest rung that a
/// trial has reached and at which it has no result yet, it goes on if fewer than m of the n results there are strictly
/// better, with m = n / eta rounded down, and at least 1. The value at the rung counts, not the best so far. NaN stops.
class asha_stopping final : public scheduler {
public:
  asha_stopping(const asha_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  std::optional<iteration_number> max_iterations() const override;

private:
  /// The results at one rung, split at the m-th best, so that a decision costs log n.
  struct rung {
    iteration_number level = 0;
    std::vector<double> best; ///< A heap, the worst on top.
    std::vector<double> rest; ///< A heap, the best on top.

    std::size_t size() const noexcept { return best.size() + rest.size(); }
    void hold_best(std::size_t m);
    void add(double loss, std::size_t m);
  };
  struct life {
    std::size_t bracket = 0;
    std::size_t passed = 0; ///< So many of its rungs, from the lowest, are behind it.
  };

  decision at_rung(rung& here, double loss);

  asha_options options_;
  scheduler_setup setup_;
  std::vector<std::vector<rung>> brackets_;
  std::map<trial_id, life> lives_; ///< Of trials that have not ended.
};

} // namespace tune
