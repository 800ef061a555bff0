#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tune/trial/checkpoint_ref.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Where on a node something lies: absolute, or below the directory that the node keeps for experiments.
struct node_place {
  std::string node;
  std::string directory;

  friend bool operator==(const node_place& a, const node_place& b) {
    return a.node == b.node && a.directory == b.directory;
  }
};

struct checkpoint_traffic_options {
  std::string experiment; ///< Its id: of its directory on nodes.
  bool second_node = true;
};

/// Decides what is copied next between the nodes and the storage of an experiment, and knows where else than in the
/// storage its checkpoints lie. Of the jobs that wait, those that somebody waits for go first: restores; then what a
/// trial that cannot begin without it needs in the storage; then checkpoints of trials that have ended, as the end of
/// the experiment waits for them; then the others, the oldest first. Of what runs in the background there is one job at
/// a time that brings a checkpoint into the storage, and one of all other kinds: with three threads one is always left
/// for restores.
///
/// A checkpoint that was written on a node's own disk is brought into the storage, and meanwhile to a second node, as
/// long as it is its trial's newest and not in the storage yet. What lies on nodes stays there, for restores on the
/// same node, until a newer one comes or the trial ends.
class checkpoint_traffic {
public:
  using job_number = std::uint64_t;

  struct restore { ///< Have it lie on the node; the nearest copy that is whole will do.
    trial_id trial;
    checkpoint_ref checkpoint; ///< In the storage.
    node_place to;
    /// A copy of its own on that node itself. One that is lent is copied: its donor may have the node forget it.
    std::optional<node_place> own;
    std::vector<node_place> others; ///< Copies elsewhere, for when that in the storage is none.
  };
  struct bring_in { ///< Into the storage.
    trial_id trial;
    checkpoint_ref checkpoint;
    std::string directory; ///< Of the trial in the storage.
  };
  struct copy_to_node {
    trial_id trial;
    checkpoint_ref checkpoint;
    node_place to;
  };
  struct take_output { ///< Appends what an attempt has printed on a node to the files of its trial in the storage.
    trial_id trial;
    node_place from;
    std::string directory;
    attempt_number attempt = 0;
  };
  struct forget {
    node_place what;
  };
  struct clean { ///< Leaves nothing of the experiment on the node but this.
    std::string node;
    std::vector<std::string> keep;
  };
  using work = std::variant<restore, bring_in, copy_to_node, take_output, forget, clean>;
  struct job {
    job_number number = 0;
    work what;
  };

  explicit checkpoint_traffic(checkpoint_traffic_options options) : options_(std::move(options)) {}

  /// It counts, and lies there; `directory`: of its trial in the storage. What is kept last is the trial's newest.
  void on_keep(trial_id trial, const checkpoint_ref& checkpoint, const std::string& directory);
  /// It does not count any more there; that in the storage may.
  void on_drop(trial_id trial, const checkpoint_ref& checkpoint);
  void on_leave(trial_id trial, const checkpoint_ref& checkpoint);  ///< Where it is, for a later driver.
  void on_wanted(trial_id trial, const checkpoint_ref& checkpoint); ///< Its trial cannot begin before it is stored.
  void on_trial_end(trial_id trial);
  /// For the trial, which need not be the one whose checkpoint it is. Its number is told, so that who waits for it can
  /// be told.
  job_number on_restore(trial_id trial, const lent_checkpoint& from, const node_place& to);
  void on_output(trial_id trial, const node_place& from, const std::string& directory, attempt_number attempt);
  void on_node_used(const std::string& node) { nodes_used_.insert(node); } ///< Something may lie there.
  void on_nodes(std::vector<std::string> alive);                           ///< Those that can be copied to.
  void on_finish(); ///< Nothing is copied to other nodes any more; what they are to forget waits for on_clean().
  void on_clean();  ///< The experiment has ended: its nodes are to forget it.

  std::optional<job> next();                                     ///< One that may be done now; it is under way then.
  void on_done(job_number job, bool is_good);                    ///< Of one that is not under way: changes nothing.
  bool is_wanted(job_number job) const;                          ///< Else it may as well end.
  bool wants_nodes() const noexcept { return !copies_.empty(); } ///< on_nodes() would help.
  bool is_empty() const noexcept;                                ///< Nothing waits or is under way.

  /// Where on other nodes than its own it lies, or may lie: where an earlier driver is likeliest to have brought it.
  std::vector<node_place> copies_of(trial_id trial, const checkpoint_ref& checkpoint) const;

private:
  using key = std::pair<iteration_number, attempt_number>;
  struct held {
    std::vector<node_place> places; ///< On nodes; the first is where it was written.
    bool is_stored = false;
    bool is_dropped = false; ///< Only for restores on its node.
  };
  struct trial_state {
    std::map<key, held> checkpoints;
    std::optional<key> newest;
    std::optional<node_place> restored; ///< What was brought to a node for its last attempt.
    bool has_ended = false;
  };
  struct waiting {
    trial_id trial;
    checkpoint_ref checkpoint;
    std::string directory;
    bool is_urgent = false;
    int tries = 0;
  };
  struct under_way {
    job what;
    bool is_urgent = false;
    bool is_wanted = true;
    int tries = 0;
  };

  static key key_of(const checkpoint_ref& checkpoint) { return {checkpoint.iteration, checkpoint.attempt}; }
  job start(work what, bool is_urgent, int tries = 0, job_number number = 0);
  std::optional<job> next_bring_in();
  std::optional<job> next_copy();
  template <class Kind>
  std::size_t running(bool count_urgent) const;
  const held* find(trial_id trial, const checkpoint_ref& checkpoint) const;
  held* find(trial_id trial, const checkpoint_ref& checkpoint);
  void cancel(trial_id trial, key which);
  void cancel_copies(trial_id trial, std::optional<key> but);
  void forget_places(held& what);
  void supersede(trial_state& state, key newest);
  void erase_if_empty(trial_id trial);
  std::vector<std::string> nodes_by_fitness(trial_id trial) const;
  node_place place_on(const std::string& node, trial_id trial, const checkpoint_ref& checkpoint) const;

  checkpoint_traffic_options options_;
  std::map<trial_id, trial_state> trials_;
  std::set<std::string> nodes_used_;
  std::vector<std::string> alive_;
  std::vector<node_place> left_;
  job_number last_job_ = 0;
  std::deque<job> restores_;
  std::list<waiting> bring_ins_;
  std::list<waiting> copies_;
  std::deque<work> others_;
  std::map<job_number, under_way> running_;
  bool is_finishing_ = false;
  bool last_was_copy_ = false; ///< Of copies and others, which share a place.
};

} // namespace tune
