#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/callbacks.hpp"
#include "tune/config.hpp"
#include "tune/controller/stop_condition.hpp"
#include "tune/objective.hpp"
#include "tune/path.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"
#include "tune/searchers.hpp"
#include "tune/trainable.hpp"
#include "tune/value.hpp"

namespace tune {

/// What each trial needs, by name: {{"cpu", 1}, {"gpu", 0.5}, {"memory", "4GiB"}}.
using trial_resources = std::map<std::string, value>;

/// When checkpoints are written, and how many of them stay; for functions and classes alike.
struct checkpoint_options {
  /// After each so many iterations. 0: at an attempt's first iteration, then as often as saving takes at most 5 % of
  /// the time, but not within 100 ms of the last one; with tune::pbt() after each of its intervals.
  iteration_number every = 0;
  bool at_end = true; ///< Also when a trial ends in good order or pauses.
  /// Workers write to their node's own disk, from where checkpoints are copied to the storage in the background: for a
  /// network file system that is slow. Where a node does not see the storage it is so anyway.
  bool local_first = false;
  /// What a worker has written to its node's own disk is also copied to a second node while it is not in the storage
  /// yet: it survives the loss of the first. Only each trial's newest one, in the background.
  bool second_node = true;
  std::size_t keep = 2; ///< Per trial, at least 1: the newest, and of the others the best.
};

/// One search: what to run, what to vary, and what is good. A plain struct, with the fields of a spec file. Mistakes
/// are found when it is run, all at once.
struct experiment {
  experiment(std::string its_name, const tune::trainable& what) : name(std::move(its_name)), trainable(what.name()) {}

  std::string name;      ///< Of its directory, too; --name goes before it.
  std::string trainable; ///< What its trials run.

  search_space space;
  objective metric; ///< tune::maximize("accuracy"), tune::minimize("loss"). Each result must have it.
  std::vector<objective> more_metrics;   ///< Further objectives, for searchers that take several.
  std::uint64_t samples = 1;             ///< How many trials; where the space has a grid, how often the whole grid.
  std::vector<point> points_to_evaluate; ///< Tried first; they count among the samples.
  std::uint64_t seed = 0;                ///< Of all chance; --seed goes before it.

  searcher_choice searcher = auto_search();
  scheduler_choice scheduler = fifo();
  std::vector<stop_condition> stop; ///< {{"accuracy", tune::at_least(0.99)}}: each ends a trial.

  trial_resources resources = {{"cpu", 1}};
  /// Run trials on so many threads of the program itself, for objectives that cost less than a message to a worker. The
  /// price: one that crashes takes the program with it, one that never reports cannot be ended, and neither the working
  /// directory nor what is printed is a trial's own. 0: in processes of their own, on the cluster.
  std::size_t in_process_threads = 0;
  std::map<std::string, std::string> environment; ///< For the workers.
  /// Each attempt has a process that served nobody before: for code that leaves something behind in its process. A few
  /// milliseconds each; without it a worker that is through with a trial takes the next one.
  bool process_per_attempt = false;
  bool wait_for_nodes = false; ///< If the resources fit on no node, wait for one that is large enough.
  /// A report returns only when its result is on disk. Otherwise, where its trial cannot be stopped or paused there, it
  /// waits for that no longer than 5 % of its iteration's time.
  bool wait_for_disk = false;
  std::size_t max_concurrent_trials = 0;               ///< 0: as many as the cluster holds.
  std::optional<std::chrono::nanoseconds> time_budget; ///< Of the whole, each time that it is run.

  int max_failures =
    0; ///< How many errors of its own a trial may have; then it goes on from its last checkpoint. -1: any.
  int max_losses = -1;    ///< The same for losses of its node or network.
  bool fail_fast = false; ///< The first trial that is given up ends the experiment.
  /// An iteration that takes longer is killed. Absent: 100 times the median one, and at least a minute.
  std::optional<std::chrono::nanoseconds> step_deadline;
  std::optional<std::chrono::nanoseconds> trial_deadline; ///< All iterations of a trial together.

  std::vector<std::shared_ptr<callback>> callbacks; ///< Hear how it goes, in a thread of their own.
  callback_limits callback_limit;

  checkpoint_options checkpoints;
  path storage; ///< Where its directory lies. Empty: --storage, CAF_TUNE_STORAGE, or ~/caf-tune-results.
};

/// Every mistake, each with its place: `space: "lr": ...`, `resources: ...`; what only a cluster can tell is not among
/// them. Empty: it can be run.
[[nodiscard]] std::vector<std::string> mistakes_of(const experiment& what);

/// What can be run but will hardly do what it is for, each with its place, such as a scheduler's bracket that `samples`
/// does not fill; told as a warning when the experiment starts. Only of one without mistakes.
[[nodiscard]] std::vector<std::string> doubts_of(const experiment& what);

/// The experiment as a spec file says it, one JSON object; with the command that runs it, if there is one.
[[nodiscard]] std::string to_json(const experiment& what, const std::vector<std::string>& command = {});

} // namespace tune
