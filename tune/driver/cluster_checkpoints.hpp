#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/cluster.hpp"
#include "tune/driver/checkpoint_keepers.hpp"
#include "tune/driver/controller_actor.hpp"
#include "tune/path.hpp"
#include "tune/store/checkpoint_traffic.hpp"
#include "tune/store/file_checkpoint_store.hpp"

namespace tune {

/// The checkpoints of an experiment, wherever its trials run: those that were written on a node that does not see the
/// experiment's storage are copied there and to a second node, over the cluster's own links, and to the node of whoever
/// restores one. So no file system has to be shared. Performs what a checkpoint_traffic decides, on threads of its own.
/// All functions may be called by any thread and, but for finish(), do not block.
class cluster_checkpoints : public checkpoint_place {
public:
  /// Told, on a thread of this object or of its store, what became of a keep(): the checkpoint as it lies in the
  /// storage, or why it does not. Of one that was dropped or left meanwhile nothing is told.
  using listener = std::function<void(trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how)>;
  using provided = std::function<void(const result<std::string>& directory)>;

  cluster_checkpoints(runtime::cluster& cluster, checkpoint_traffic_options options, listener told);
  ~cluster_checkpoints() override; ///< What is not copied by now is not copied any more.

  /// Waits until all that was kept lies in the storage, or cannot; then nodes forget the experiment, but for what was
  /// left there. Nothing may be asked of it afterwards, and it does not need the cluster any more.
  void finish();
  void give_up(); ///< Nothing more is copied, and nothing is removed from nodes.

  /// Where a trial's checkpoints lie in the storage; before the first keep() of the trial.
  void set_directory(trial_id trial, path directory);
  void forget(trial_id trial); ///< It has ended; after its last keep().
  void sweep(const path& experiment_directory) { store_.sweep(experiment_directory); }

  void keep(trial_id trial, const checkpoint_ref& checkpoint) override;
  void hurry(trial_id trial, const checkpoint_ref& checkpoint) override;
  /// A copy on a node stays there until it is dropped, too: the record that names the one in the storage comes first.
  void drop(trial_id trial, const checkpoint_ref& checkpoint) override;
  void leave(trial_id trial, const checkpoint_ref& checkpoint) override;

  /// Has a checkpoint of the storage, perhaps another trial's, lie on a node that does not see it: in `to`, or where
  /// the node has it already. `then` is told where that is, on a thread of this object.
  void provide(trial_id trial, const lent_checkpoint& what, const node_place& to, provided then);

  /// What an attempt has printed on a node that does not see the storage is appended to its trial's files there.
  void take_output(trial_id trial, attempt_number attempt, const node_place& from, const path& directory);
  void use_node(const std::string& node); ///< Something of the experiment may lie there.

private:
  enum class order { go_on, stop };

  template <class Change>
  void change(Change what);
  void run();
  void learn_nodes(std::unique_lock<std::mutex>& lock);
  bool perform(const checkpoint_traffic::job& job);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::restore& what);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::bring_in& what);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::copy_to_node& what);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::take_output& what);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::forget& what);
  bool perform(checkpoint_traffic::job_number job, const checkpoint_traffic::clean& what);
  [[nodiscard]] result<std::string> restored(const checkpoint_traffic::restore& what);
  [[nodiscard]] result<checkpoint_ref> copied(checkpoint_traffic::job_number job,
                                              const checkpoint_traffic::bring_in& what);
  [[nodiscard]] result<void> fetch(checkpoint_traffic::job_number job, const node_place& from, const path& to);
  [[nodiscard]] result<void> fetch_any(checkpoint_traffic::job_number job, const checkpoint_traffic::bring_in& what,
                                       const path& to);
  bool is_wanted(checkpoint_traffic::job_number job);
  void wait_until_empty(std::optional<std::chrono::seconds> at_most);

  const std::string experiment_;
  checkpoint_keepers keepers_;
  listener told_;
  std::mutex mutex_;
  std::condition_variable changed_;
  checkpoint_traffic traffic_;
  order order_ = order::go_on;
  std::map<trial_id, path> directories_; ///< Of the trials that have not ended.
  std::map<checkpoint_traffic::job_number, provided> waiting_;
  std::chrono::steady_clock::time_point nodes_learnt_{};
  file_checkpoint_store store_;
  std::vector<std::thread> threads_;
};

} // namespace tune
