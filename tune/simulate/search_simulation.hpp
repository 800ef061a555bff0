#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tune/controller/controller_core.hpp"
#include "tune/controller/runner_pool.hpp"
#include "tune/simulate/simulated_attempt.hpp"
#include "tune/simulate/simulated_nodes.hpp"
#include "tune/simulate/time_law.hpp"
#include "tune/simulate/trial_model.hpp"

namespace tune {

/// What is simulated of a search, beside its cluster.
struct simulated_search {
  controller_options controller;
  std::unique_ptr<tune::searcher> searcher;
  std::unique_ptr<tune::scheduler> scheduler;
  std::shared_ptr<const trial_model> model;
  runner_pool::options pool;
  checkpoint_policy checkpoints;
  bool can_save = true; ///< The trainable can be restored.
  /// From a lease to the beginning of its first attempt: of a worker's process, and of what it loads.
  time_law start_time{std::chrono::milliseconds(20)};
  time_law checkpoint_time;     ///< To write one, and to restore one. Drawn for each attempt.
  double failure_chance = 0;    ///< Of each iteration, to fail by the trial's own error; 0 to 1.
  std::uint64_t seed = 0;       ///< Of the chance that is not the searcher's or scheduler's.
  std::optional<double> target; ///< Of the first objective's metric.
  /// After so much virtual time, or so many iterations, failed ones among them, it is given up.
  std::chrono::nanoseconds longest = longest_time;
  std::uint64_t most_iterations = UINT64_MAX;
  /// Hears each result that counts, with the time since the beginning. May be empty. False: end now.
  std::function<bool(trial_id trial, const attempt_report& report, std::chrono::nanoseconds at)> on_report;
};

/// What came of it.
struct simulated_outcome {
  bool has_ended = false; ///< By itself; else it was given up.
  std::string why;        ///< The end's reason, as the experiment's journal would have it, or why it was given up.
  bool has_failed = false;
  std::chrono::nanoseconds time{0}; ///< Until then.
  std::uint64_t created = 0;
  std::uint64_t terminated = 0;
  std::uint64_t stopped = 0;
  std::uint64_t errors = 0;
  std::uint64_t results = 0;  ///< Iterations that counted.
  std::optional<double> best; ///< Of the first objective's metric, whichever result that was.
  std::optional<std::chrono::nanoseconds> time_to_best;
  std::optional<std::chrono::nanoseconds> time_to_target;
  std::size_t places = 0; ///< Trials that fit on all nodes at once.
  double utilisation = 0; ///< Of the places on nodes that were up: the part of the time in which an attempt ran there.
  std::uint64_t node_failures = 0;
  std::uint64_t lost_attempts = 0;   ///< With their nodes.
  std::uint64_t failed_attempts = 0; ///< By their own errors.
  std::uint64_t restarts = 0;        ///< Attempts after one that was lost or had failed.
  std::uint64_t pauses = 0;
  std::uint64_t lost_iterations = 0;     ///< Done since the attempt's last checkpoint when it was lost or failed.
  std::chrono::nanoseconds lost_time{0}; ///< The same in time, with the iteration that was not done yet.
  std::vector<std::string> warnings;     ///< Of the controller; at most ten.
};

/// Runs a whole search in virtual time, from its seed: the controller, searcher, scheduler, pool of runners, and the
/// head with its books and queue are the real ones; nodes, workers and trainables are simulated. What takes no time:
/// messages, the journal's disk, and what is copied of checkpoints, which all nodes see. For one call of run().
class search_simulation {
public:
  search_simulation(simulated_search what, simulated_nodes_options cluster);
  simulated_outcome run();

private:
  struct runner {
    runtime::node_id node; ///< 0: it has no lease yet.
    bool has_node_failed = false;
    attempt_key key; ///< Attempt 0: none.
    std::unique_ptr<simulated_attempt> attempt;
  };
  using due = std::tuple<runtime::instant, std::uint64_t, runner_id>; ///< When, in which order, who.

  moment this_moment() const;
  void advance_to(runtime::instant then);
  std::optional<runtime::instant> next_time() const;
  bool is_given_up();
  void on_due(runner_id id);
  void step(runner_id id);
  void hear_report(runner_id id, const attempt_report& report);
  void hear_end(runner_id id, attempt_over over);
  void set_due(runner_id id, runtime::instant when);

  void perform(controller_core::actions todo);
  void perform(runner_pool::actions todo);
  void perform(const simulated_nodes::actions& todo);
  void start(controller_core::start_attempt order);
  void begin(runner_id id, attempt_key key);
  void on_node_failed(runtime::node_id node);
  void drop(runner_id id); ///< It is no more.
  void stop_work(runner& r);
  void tell(attempt_key key, attempt_events what);
  void tell_all();
  void count_loss(const simulated_attempt& attempt);
  void count(const journal_record& written);
  void count(const record::result_reported& result);
  void fill_in_end();

  simulated_search what_;
  simulated_nodes nodes_;
  std::optional<iteration_number> max_iterations_; ///< Before the scheduler goes to:
  controller_core core_;
  runner_pool pool_;
  std::vector<std::string> metrics_;
  runtime::instant begin_;
  runtime::instant now_;
  std::unordered_map<runner_id, runner> runners_;
  std::map<runtime::node_id, std::set<runner_id>> on_node_;
  std::map<attempt_key, controller_core::start_attempt> orders_; ///< That wait for a runner.
  std::priority_queue<due, std::vector<due>, std::greater<>> due_;
  std::vector<std::pair<attempt_key, attempt_events>> untold_; ///< To the controller.
  std::optional<attempt_key> asking_;                          ///< Whose report is told right now, and
  std::optional<attempt_answer> answered_;                     ///< what it was answered.
  std::set<trial_id> interrupted_; ///< Whose last attempt was lost or failed, and that have not ended.
  journal_position written_ = 0;
  journal_position durable_ = 0;
  std::uint64_t order_ = 0;
  std::uint64_t iterations_ = 0; ///< Also those that failed, or count no more as they were done before.
  std::size_t busy_ = 0;         ///< Attempts that run on nodes that are up.
  double busy_s_ = 0;
  double places_s_ = 0;
  bool is_over_ = false;
  simulated_outcome found_;
};

} // namespace tune
