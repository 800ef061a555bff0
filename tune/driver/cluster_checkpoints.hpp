#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/cluster.hpp"
#include "tune/driver/controller_actor.hpp"
#include "tune/path.hpp"
#include "tune/store/file_checkpoint_store.hpp"

namespace tune {

/// The checkpoints of an experiment, wherever its trials run: those that were written on a node that does not see the
/// experiment's storage are copied there, over the cluster's own links, and to the node of whoever restores one. So no
/// file system has to be shared. Copies are made on a thread of this object, one after the other. All functions may be
/// called by any thread and do not block.
class cluster_checkpoints : public checkpoint_place {
public:
  /// Told, on a thread of this object or of its store, what became of a keep(): the checkpoint as it lies in the
  /// storage, or why it does not. Of one that was dropped or left meanwhile nothing is told.
  using listener = std::function<void(trial_id trial, const checkpoint_ref& checkpoint, const result<void>& how)>;

  cluster_checkpoints(runtime::cluster& cluster, listener told);
  ~cluster_checkpoints() override; ///< What is not copied by now is not copied any more.

  /// Waits until all that was kept lies in the storage, or cannot. Nothing may be asked of it afterwards, and it does
  /// not need the cluster any more.
  void finish();
  void give_up(); ///< Nothing more is copied.

  /// Where a trial's checkpoints lie in the storage; before the first keep() of the trial.
  void set_directory(trial_id trial, path directory);
  void forget(trial_id trial); ///< After its last keep().
  void sweep(const path& experiment_directory) { store_.sweep(experiment_directory); }

  void keep(trial_id trial, const checkpoint_ref& checkpoint) override;
  /// A copy on a node stays there until it is dropped, too: the record that names the one in the storage comes first.
  void drop(trial_id trial, const checkpoint_ref& checkpoint) override;
  void leave(trial_id trial, const checkpoint_ref& checkpoint) override;

  /// Copies a checkpoint that lies in the storage to a node that does not see it, into this directory below the node's
  /// own. `then` is called on the thread of this object.
  void provide(const checkpoint_ref& checkpoint, const std::string& node, const std::string& directory,
               std::function<void(const result<void>&)> then);

private:
  using job = std::function<void()>;
  enum class order { go_on, finish, stop };

  void add(job what);
  void run();
  void end(order how);
  void bring_in(trial_id trial, const path& directory, const checkpoint_ref& checkpoint);
  [[nodiscard]] result<checkpoint_ref> copied(const path& directory, const checkpoint_ref& checkpoint);
  [[nodiscard]] result<void> fetch(const checkpoint_ref& checkpoint, const path& to);
  bool is_wanted(const checkpoint_ref& checkpoint);
  [[nodiscard]] result<runtime::remote_actor> keeper_on(const std::string& node);
  bool is_there(const std::string& node);

  runtime::cluster& cluster_;
  listener told_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<job> jobs_;
  order order_ = order::go_on;
  std::map<trial_id, path> directories_;                 ///< Of the trials that have not ended.
  std::set<std::string> unwanted_;                       ///< Directories on nodes that need not be copied any more.
  std::map<std::string, runtime::remote_actor> keepers_; ///< By node; of the thread alone.
  file_checkpoint_store store_;
  std::thread thread_;
};

} // namespace tune
