#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/config.hpp"
#include "tune/objective.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

class scheduler; ///< tune/scheduler/scheduler.hpp
class search_space;

/// What a scheduler is made for.
struct scheduler_setup {
  std::uint64_t seed = 0;                              ///< The experiment's.
  direction better = direction::maximize;              ///< For the words of its reasons.
  std::shared_ptr<const search_space> space = nullptr; ///< Of those that change values; null: there is none.
};

/// Which scheduler an experiment uses, with its options: `experiment.scheduler = tune::asha({/*max_t=*/27});`
class scheduler_choice {
public:
  struct kind {
    std::function<std::unique_ptr<scheduler>(const scheduler_setup&)> make;
    std::function<std::vector<std::string>()> mistakes;
    std::function<std::vector<std::string>(const search_space&)> mistakes_with = nullptr; ///< Null: it needs no space.
  };

  /// `options`: a JSON object of those that are not at their default.
  scheduler_choice(std::string name, std::string options, kind what);

  const std::string& name() const noexcept { return name_; }
  const std::string& options() const noexcept { return options_; }

  /// `scheduler: max_t is 0, ...`, one for each option that is out of range; empty: make() may be called.
  [[nodiscard]] std::vector<std::string> mistakes() const { return kind_.mistakes(); }
  /// The same, with what does not fit to this space, which has no mistakes of its own.
  [[nodiscard]] std::vector<std::string> mistakes(const search_space& space) const;
  std::unique_ptr<scheduler> make(const scheduler_setup& setup) const;

private:
  std::string name_;
  std::string options_;
  kind kind_;
};

/// {"name": "asha", "max_t": 27}; scheduler_from_json() reads it.
std::string to_json(const scheduler_choice& choice);

/// Each trial runs to its end.
scheduler_choice fifo();

/// Asynchronous successive halving (Li et al. 2020, arXiv:1810.05934). Trials are compared at rungs: after
/// grace_period iterations, then after reduction_factor times as many, and so on up to max_t.
struct asha_options {
  enum class variant {
    stopping,  ///< A trial that is not among the best of its rung stops there. Needs no checkpoints.
    promotion, ///< Each trial pauses at its rung; the best of a rung go on. Needs checkpoints.
  };

  iteration_number max_t = 100;      ///< Iterations after which a trial has finished; at least grace_period. As in Ray.
  iteration_number grace_period = 1; ///< Iterations before the first rung; at least 1. As in Ray.
  double reduction_factor = 3;       ///< About one trial in so many passes a rung; more than 1. As in Syne Tune.
  int brackets = 1;                  ///< Of these, the s-th has its first rung reduction_factor^s later; at least 1.
  variant type = variant::stopping;
  bool stop_last = true;   ///< A trial ends at max_t.
  bool strict_ties = true; ///< Of equal results the earlier is the better; else they all are among the best.
  /// Promotion: from no rung anybody goes on before max_t, divided by its level, results have come there, as many as
  /// in Hyperband's first bracket: what is promoted early on is chosen among more (Li et al. 2022, arXiv:2201.06834).
  bool delayed = false;
};
scheduler_choice asha(const asha_options& options = {});
[[nodiscard]] result<void> validate(const asha_options& options); ///< Names every field that is out of range.

/// Hyper-Tune (Li et al. 2022, arXiv:2201.06834): asha of promotion type whose trials do not all wait at the first rung
/// first. At which one is drawn, the more often the fewer iterations it takes to get there, and the better the order of
/// the trials there has turned out to be that at the highest rung that has results: where early results mislead, trials
/// are judged later. Needs checkpoints. Best with hyper_tune_search(). Some dozen times in an experiment it learns from
/// what there is, which takes up to a second.
struct hyper_tune_options {
  iteration_number max_t = 81;       ///< Iterations after which a trial has finished; at least grace_period.
  iteration_number grace_period = 1; ///< No trial is judged earlier; at least 1.
  double reduction_factor = 3;       ///< About one trial in so many passes a rung; at least 1.5.
  bool delayed = true;               ///< As for asha.
};
scheduler_choice hyper_tune(const hyper_tune_options& options = {});
[[nodiscard]] result<void> validate(const hyper_tune_options& options); ///< Names every field that is out of range.

/// PASHA (Bohdal et al. 2023, arXiv:2207.06940): asha of promotion type that begins with two rungs, and opens the next
/// only when the order of the trials has changed from the one to the other by more than noise. Needs checkpoints. What
/// it saves of a long max_t is the more, the earlier trials can be told apart.
struct pasha_options {
  iteration_number max_t = 100;      ///< No trial does more iterations; at least grace_period.
  iteration_number grace_period = 1; ///< Iterations before the first rung; at least 1.
  double reduction_factor = 3;       ///< About one trial in so many passes a rung; more than 1.
};
scheduler_choice pasha(const pasha_options& options = {});
[[nodiscard]] result<void> validate(const pasha_options& options); ///< Names every field that is out of range.

/// Hyperband (Li et al. 2018, JMLR 18-185): successive halving in several brackets, of which the first stops trials
/// early and the last stops none, so that it does not matter how early a trial can be judged. Defaults as in the paper.
struct hyperband_options {
  enum class variant {
    asynchronous, ///< Each trial belongs to a bracket of ASHA by chance, and stops at its rungs. Needs no checkpoints.
    synchronous,  ///< Trials of a bracket wait for each other at each rung, and exactly the best go on. Needs them.
                  ///< A bracket that `samples` does not fill stays paused until the experiment ends.
  };

  iteration_number max_t = 81;       ///< Iterations after which a trial has finished; at least grace_period.
  iteration_number grace_period = 1; ///< No trial is judged earlier; at least 1.
  double reduction_factor = 3;       ///< About one trial in so many passes a rung; at least 1.5.
  variant type = variant::asynchronous;
};
scheduler_choice hyperband(const hyperband_options& options = {});
[[nodiscard]] result<void> validate(const hyperband_options& options); ///< Names every field that is out of range.

/// The median stopping rule (Golovin et al. 2017, "Google Vizier"): a trial stops if its best result is worse than the
/// median of the other trials' means up to the same iteration.
struct median_stopping_options {
  iteration_number grace_period = 1; ///< Judged from it on; earlier results count for a trial's own best alone.
  int min_samples = 3;               ///< So many others must have come as far; at least 1. As in Ray Tune.
};
scheduler_choice median_stopping(const median_stopping_options& options = {});
[[nodiscard]] result<void> validate(const median_stopping_options& options); ///< Names every field out of range.

/// For objectives that are a mean over folds or instances: each iteration reports one, the same at the same iteration
/// of each trial. A trial stops that is significantly worse than the best completed one (Wilcoxon's signed-rank test,
/// one sided, as in Optuna's WilcoxonPruner). As it is asked again with each result, more are stopped wrongly than one
/// in 1 / p_threshold; what has a better mean so far than the best one is never stopped.
struct wilcoxon_options {
  double p_threshold = 0.1; ///< Of more than 0 and less than 1; a trial stops whose p is less. As in Optuna.
  int startup_steps = 2;    ///< So many iterations must be compared; at least 2. As in Optuna.
};
scheduler_choice wilcoxon(const wilcoxon_options& options = {});
[[nodiscard]] result<void> validate(const wilcoxon_options& options); ///< Names every field that is out of range.

/// A trial stops whose metric is no number, below `lower` or above `upper` (as Optuna's ThresholdPruner).
struct threshold_options {
  std::optional<double> lower = std::nullopt; ///< Absent: there is none.
  std::optional<double> upper = std::nullopt; ///< Not below `lower`.
  iteration_number grace_period = 1;          ///< Iterations before it counts; at least 1.
};
scheduler_choice threshold(const threshold_options& options = {});
[[nodiscard]] result<void> validate(const threshold_options& options); ///< Names every field that is out of range.

/// A trial stops that has become worse for a while (as Optuna's PatientPruner; one that stays equal goes on): the best
/// of its last patience + 1 results is worse, by more than min_delta, than the best before them.
struct patient_options {
  iteration_number patience = 10; ///< From 0 to 1,000,000.
  double min_delta = 0;           ///< In units of the metric; 0 or more.
  /// Stops only what this one would stop, too. It must not pause trials.
  std::optional<scheduler_choice> scheduler = std::nullopt;
};
scheduler_choice patient(const patient_options& options = {});
[[nodiscard]] result<void> validate(const patient_options& options); ///< Names every field that is out of range.

/// Population based training (Jaderberg et al. 2017, arXiv:1711.09846): the trials of an experiment are trained side by
/// side, and each of the worst goes on from a checkpoint of one of the best, with values near to that one's. So the
/// values become a schedule that is found in a single training; see `caf-tune trials --json` and pbt_policy.json. Needs
/// checkpoints that can be restored with other values. Where there are more trials than places, they take turns.
///
/// A trial's iterations are its own: after such a change it counts on, whatever the checkpoint had done.
struct pbt_options {
  enum class variant {
    asynchronous, ///< Each trial is judged against what is known of the others when it comes.
    synchronous,  ///< All wait for each other after each interval.
  };

  iteration_number perturbation_interval = 10; ///< Iterations between two judgements of a trial; at least 1.
  iteration_number burn_in = 0;                ///< Iterations before the first; 0 or more.
  double quantile_fraction = 0.25;             ///< So many are the worst, and the best; 0 to 0.5. As in Ray.
  double resample_probability = 0.25;          ///< A value is drawn anew from its domain; 0 to 1. As in Ray.
  /// Else a number is multiplied by one of these and an ordinal moves by one; a choice is always drawn anew. Each more
  /// than 0. As in Ray.
  std::vector<double> perturbation_factors = {1.2, 0.8};
  /// The parameters that are changed; the others are as their donor's. Empty: all that vary, but for functions.
  std::vector<std::string> parameters = {};
  variant type = variant::asynchronous;
};
scheduler_choice pbt(const pbt_options& options = {});
[[nodiscard]] result<void> validate(const pbt_options& options); ///< Names every field that is out of range.

/// Population based bandits (Parker-Holder et al. 2020, arXiv:2002.02518): as pbt, but a number between two bounds,
/// without steps, gets the value from which a Gaussian process expects most, by what trials have gained so far with
/// which values. Better than pbt where a population is small, about 4 to 8. All else that changes does so as with pbt,
/// and so do those numbers before there are a few results to learn from. The space needs one such number.
struct pb2_options {
  using variant = pbt_options::variant;

  iteration_number perturbation_interval = 10; ///< As of pbt_options, and so are those below.
  iteration_number burn_in = 0;
  double quantile_fraction = 0.25;
  double resample_probability = 0; ///< Where the model does not choose, a value is drawn anew; 0 to 1. As in the paper.
  std::vector<double> perturbation_factors = {1.2, 0.8}; ///< Where the model does not choose.
  std::vector<std::string> parameters = {};
  variant type = variant::asynchronous;
};
scheduler_choice pb2(const pb2_options& options = {});
[[nodiscard]] result<void> validate(const pb2_options& options); ///< Names every field that is out of range.

/// How the state of one trial of a population has come about: a schedule of values.
struct pbt_policy {
  struct step {
    iteration_number after = 0; ///< Of the state; from 1, ascending.
    config values;              ///< From then on.
  };
  config first; ///< What it began with: for `experiment.points_to_evaluate`.
  std::vector<step> steps;
};
/// From the text of a trial's pbt_policy.json.
[[nodiscard]] result<pbt_policy> pbt_policy_from(std::string_view lines);

/// Trains again by a schedule that population based training has found: at each step a trial saves, and goes on from
/// there with the step's values. For one trial that begins with `first`. Needs checkpoints that can be restored with
/// other values.
scheduler_choice pbt_replay(const pbt_policy& policy);
[[nodiscard]] result<void> validate(const pbt_policy& policy); ///< Names every step that cannot be.

/// Changes how much of the cluster each trial has while the search runs (as Ray Tune's ResourceChangingScheduler): what
/// is free when few trials are left goes to those that still run, and comes back when others wait for it. Another
/// scheduler decides all else. For experiments whose trials run in processes of their own, and are restored from
/// checkpoints; one that has saved nothing yet keeps what it has. trial::resources() says what that is.
///
/// A trial has a whole number of times what `experiment.resources` declares, all of it multiplied, on one node. Each
/// change is a restart: at the end of an iteration the trial saves, gives back what it had, and goes on from there in a
/// new process, which costs what saving, set_up() and loading cost, and counts as no failure. What it asks for and does
/// not get within 5 s, as others were faster, it does without, and asks for ever less often.
struct resource_changing_options {
  enum class allocation {
    evenly,    ///< All trials that run or wait have the same, as much as fits; what is left over stays free.
    top_trial, ///< The trial with the best result so far has all that the others, with what they declare, leave.
  };

  allocation allocate = allocation::evenly;
  std::uint32_t max_size = 0;     ///< At most so many times its resources; 0: as many as a node has.
  iteration_number interval = 10; ///< At least so many iterations of a trial between two changes; at least 1.
  /// Decides all but the resources; fifo() if absent.
  std::optional<scheduler_choice> scheduler = std::nullopt;
};
scheduler_choice resource_changing(const resource_changing_options& options = {});
[[nodiscard]] result<void> validate(const resource_changing_options& options); ///< Names every field out of range.

/// Those that there are.
[[nodiscard]] std::vector<std::string> scheduler_names();

/// By name, such as "asha", with options as a JSON object. An error names those that exist, and every option that is
/// wrong.
[[nodiscard]] result<scheduler_choice> scheduler_named(std::string_view name, std::string_view options = "{}");
/// What to_json() wrote, or a spec file's `scheduler`: an object with "name", or a name alone.
[[nodiscard]] result<scheduler_choice> scheduler_from_json(std::string_view json);

} // namespace tune
