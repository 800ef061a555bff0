#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include "runtime/cluster.hpp"
#include "tune/controller/stop_metrics_check.hpp"
#include "tune/driver/callback_thread.hpp"
#include "tune/driver/capacity_watch.hpp"
#include "tune/driver/cluster_checkpoints.hpp"
#include "tune/driver/controller_actor.hpp"
#include "tune/driver/experiment_announcement.hpp"
#include "tune/experiment.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/result_grid.hpp"
#include "tune/results/experiment_description.hpp"
#include "tune/results/experiment_view.hpp"
#include "tune/results/file_results_writer.hpp"

namespace tune {

struct run_options {
  path storage;                     ///< In which the experiment's directory lies.
  bool must_exist = false;          ///< An experiment of that name is there already.
  std::vector<std::string> command; ///< How this program was started; for `caf-tune resume`.
  /// Gets each record once it is on disk, with the view after it; on the controller's thread, so it must not block.
  std::function<void(const journal_record&, const experiment_view&)> on_record;
  std::function<void(const std::string&)> on_trouble; ///< What goes wrong beside it; on any thread.
};

/// An experiment that runs in this process: its journal, its controller and what they stand on. When it goes it ends
/// the experiment in good order, as an interruption does.
class experiment_run {
public:
  /// Opens the experiment's directory, goes on where an earlier driver was, and starts. Errors: every mistake of the
  /// experiment, a line each; another driver has it open; what is there is another experiment.
  [[nodiscard]] static result<std::unique_ptr<experiment_run>> start(runtime::cluster& cluster, const experiment& what,
                                                                     run_options options);
  ~experiment_run();
  experiment_run(const experiment_run&) = delete;
  experiment_run& operator=(const experiment_run&) = delete;

  const path& directory() const noexcept { return directory_; }

  std::uint64_t planned() const noexcept { return planned_; }           ///< Trials in all.
  std::uint64_t ended_before() const noexcept { return ended_before_; } ///< By earlier drivers.

  void interrupt(const std::string& why); ///< Has it end in good order. Once more: nothing changes.
  void end_at_once();                     ///< Nothing more is saved; what is acknowledged is kept all the same.

  /// Has one trial stop, pause or go on; by its name or number. An error says why that cannot be.
  [[nodiscard]] result<void> order(const std::string& trial, trial_order::kind what, const std::string& why);

  /// Waits for the end; any number of threads may. Where only trials are left that their user has paused, that is now.
  [[nodiscard]] result<experiment_outcome> wait();

  /// Waits until it is so, or the experiment has ended: returns whether it is so. The view must not be kept.
  bool wait_until(const std::function<bool(const experiment_view&)>& is_so);

  result_grid results(); ///< As they are now.

  /// What the journal says of a trial now. Of one that the view has forgotten that is read from the disk, whole: 5 s
  /// where there are a million.
  [[nodiscard]] result<trial_view> trial_of(trial_id trial);

  /// What the journal says now; of the trials that have ended only some are there.
  template <class Function>
  auto with_view(Function use) {
    std::lock_guard guard(mutex_);
    return use(static_cast<const experiment_view&>(view_));
  }

private:
  experiment_run(runtime::cluster& cluster, const experiment& what, run_options options);

  [[nodiscard]] result<void> open();
  [[nodiscard]] result<void> open_journal();
  [[nodiscard]] result<void> replay(const journal_record& past);
  [[nodiscard]] result<void> check_same(const record::experiment_begun& before) const;
  void make_core(const std::string& id, std::uint64_t seed);
  [[nodiscard]] result<void> begin();
  void wait_for_ending_attempts() const;
  void hear_unheard();
  void spawn_controller();
  path directory_of(trial_id trial, const config& values, record::wall_time created) const;
  attempt_order make_order(const controller_core::start_attempt& start) const;
  void finish();
  void wait_for_attempts();
  void tell_of_doubts() const;
  void tell_of_journal() const;
  void on_durable(journal_position position, const journal_record& what);
  void tell_callbacks(const journal_record& what);
  bool note_place(const record::attempt_placed& placed);
  void take_output(const record::attempt_ended& ended);
  void finish_callbacks();

  runtime::cluster& cluster_;
  experiment what_;
  run_options options_;
  path directory_;
  std::string description_;
  record::experiment_begun begun_;
  experiment_description described_;
  std::string marker_;
  std::shared_ptr<controller_core> core_; ///< The controller's once it runs.
  std::optional<iteration_number> max_iterations_;
  bool changes_resources_ = false;   ///< Its scheduler does.
  runtime::resource_set wants_;      ///< Each trial, at size 1.
  iteration_number saves_every_ = 0; ///< If the user does not say; 0: as is cheap.
  std::uint64_t planned_ = 0;
  std::uint64_t ended_before_ = 0;
  std::shared_ptr<file_journal> journal_;
  std::unique_ptr<file_results_writer> files_;
  caf::actor controller_;
  std::shared_ptr<caf::actor> attempts_ = std::make_shared<caf::actor>(); ///< Set by the controller.
  std::shared_ptr<cluster_checkpoints> checkpoints_;
  std::map<trial_id, node_place> away_; ///< Where attempts run that do not see the storage; the controller's thread's.
  std::set<std::string> nodes_before_;  ///< Of such attempts under earlier drivers.
  std::map<trial_id, path> unheard_;    ///< Where files lie that the journal has when the attempt's end is on disk.
  std::unique_ptr<capacity_watch> capacity_;
  std::unique_ptr<experiment_announcement> announced_; ///< Null: the cluster is in this program alone.
  std::unique_ptr<callback_thread> callbacks_;         ///< Null: there are none, or they have been told all.
  std::optional<callback_event> last_of_callbacks_;    ///< Told when all files are complete.

  stop_metrics_check stop_metrics_; ///< The controller's thread has it.
  std::once_flag is_finished_;
  std::mutex mutex_;
  std::condition_variable changed_;
  experiment_view view_;              ///< Of the trials that have ended, only some.
  journal_position shown_ = 0;        ///< The last record that view_ knows.
  journal_position past_records_ = 0; ///< That were there when this run began.
  std::optional<result<experiment_outcome>> outcome_;
};

} // namespace tune
