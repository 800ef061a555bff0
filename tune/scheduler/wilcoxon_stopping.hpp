#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// For objectives that are a mean over folds or instances, one of which each iteration reports, the same at the same
/// iteration of each trial (as Optuna's WilcoxonPruner). A trial stops if Wilcoxon's signed-rank test says that its
/// results are worse than the best trial's at the same iterations, unless their mean so far is no worse than the mean
/// of all of that one. The best is the completed trial whose mean is the least, of those that reported most often. One
/// that reported what is no finite number is never the best, and is not stopped.
class wilcoxon_stopping final : public scheduler {
public:
  wilcoxon_stopping(const wilcoxon_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;

private:
  struct sample {
    std::vector<std::pair<iteration_number, double>> losses; ///< Iterations ascending.
    bool is_finite = true;                                   ///< All of them.

    double mean() const;
  };
  struct champion {
    trial_id trial;
    sample reached;
    double mean = 0;
  };

  std::vector<double> differences_to_best(const sample& own) const;

  wilcoxon_options options_;
  scheduler_setup setup_;
  std::map<trial_id, sample> samples_; ///< Of trials that have not ended.
  std::optional<champion> best_;
};

} // namespace tune
