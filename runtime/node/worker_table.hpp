#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/node/work_end.hpp"
#include "runtime/node/work_key.hpp"

namespace runtime {

/// What a worker process is. A worker is reused for work that wants exactly the same, unless it has devices: what a
/// process has set up on one (a CUDA context, memory there) stays until it ends, and then the device is somebody
/// else's.
struct worker_spec {
  owner_id owner;
  std::string package;                            ///< Its id.
  std::map<std::string, std::string> environment; ///< Includes CUDA_VISIBLE_DEVICES.
  bool has_devices = false;                       ///< Its work's lease has GPUs, or parts of them.

  friend bool operator==(const worker_spec& a, const worker_spec& b) {
    return a.owner == b.owner && a.package == b.package && a.environment == b.environment &&
           a.has_devices == b.has_devices;
  }
  friend bool operator!=(const worker_spec& a, const worker_spec& b) { return !(a == b); }
  friend bool operator<(const worker_spec& a, const worker_spec& b);
};

struct worker_table_options {
  core_clock::duration register_within = std::chrono::seconds(30); ///< After its start; then it is killed.
  core_clock::duration idle_limit = std::chrono::seconds(60);      ///< An idle worker is sent home after this.
  core_clock::duration exit_within = std::chrono::seconds(5);      ///< After it was sent home; then it is killed.
  core_clock::duration stop_within = std::chrono::seconds(5);      ///< For the works of an owner that is gone.
  std::size_t max_idle = 64;      ///< Some 7 MB each. When there are more, the one that is idle longest goes.
  std::size_t max_workers = 4096; ///< Of all states. When there are as many, wanted work is lost at once, and says so.
};
[[nodiscard]] result<void> validate(const worker_table_options& options); ///< Names every field that is out of range.

enum class worker_state {
  starting, ///< Not yet registered.
  idle,     ///< Registered, without work.
  busy,     ///< Has work.
  ending,   ///< Sent home or killed; its process may still be there.
};

/// Which worker processes a node has, and which work each of them does.
///
/// Each wanted work is told the end of exactly once: by work_ended, or by work_lost when its worker's process ended
/// under it. Exactly one give_back follows: nothing of the work runs any more. The two may be long apart: a process in
/// uninterruptible sleep survives SIGKILL, and holds what it holds until its exit is seen, and that of what it started.
///
/// A worker has at most one work, a work at most one worker. Events about unknown or ended workers and works, and
/// repeated ones, change nothing.
class worker_table {
public:
  struct start_worker { ///< Its exit must be told in the end, also when it could not be started.
    worker_id worker;
    worker_spec spec;
  };
  struct run_work { ///< The worker is there and waits for it.
    worker_id worker;
    work_key work;
  };
  struct stop_work { ///< In good order: tell the worker.
    worker_id worker;
    work_key work;
  };
  struct end_worker { ///< In good order: send it home.
    worker_id worker;
  };
  struct kill_worker { ///< With its process group.
    worker_id worker;
    std::string why;
  };
  struct work_ended {
    work_key work;
    worker_id worker;
    bool ran = true; ///< False: it was stopped before its worker had it.
  };
  struct work_lost {
    work_key work;
    worker_exit exit;         ///< With the reason if it was killed by this table.
    bool stop_wanted = false; ///< Somebody had asked for its end, or its owner was gone.
  };
  struct give_back { ///< What the work held is free.
    work_key work;
  };
  using action =
    std::variant<start_worker, run_work, stop_work, end_worker, kill_worker, work_ended, work_lost, give_back>;
  using actions = std::vector<action>; ///< To be performed in this order.

  explicit worker_table(worker_table_options options = {});

  /// Run it in an idle worker of the same spec, else in a new one. A work that has a worker changes nothing; one that
  /// has ended may be wanted again and is another one then.
  actions on_wanted(work_key work, const worker_spec& spec, instant now);
  actions on_registered(worker_id worker, instant now);
  /// The worker said so. Clean: it can host the next work. Ignored unless the worker has that very work.
  actions on_work_ended(worker_id worker, work_key work, bool clean, instant now);
  /// With survivors: its work is lost, but gives back only when they are gone.
  actions on_exit(worker_exit exit, instant now);
  actions on_gone(worker_id worker, instant now); ///< The survivors of one that has exited.
  /// In good order until the deadline, then by force. A deadline that has passed: at once. Of several the earliest
  /// counts.
  actions on_stop(work_key work, instant deadline, instant now);
  /// Its works are stopped within stop_within, its workers end.
  actions on_owner_gone(owner_id owner, instant now);
  /// By force, whatever they do: the node leaves or is fenced.
  actions on_kill_all(const std::string& why, instant now);
  actions on_time(instant now); ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const;

  std::optional<worker_id> worker_of(work_key work) const;
  std::optional<work_key> work_of(worker_id worker) const;
  std::optional<worker_state> state_of(worker_id worker) const; ///< Nothing: its exit was seen, or it never was.
  std::size_t size() const noexcept { return workers_.size(); }
  std::size_t idle() const noexcept { return idle_.size(); }

private:
  struct entry {
    worker_spec spec;
    worker_state state = worker_state::starting;
    std::optional<work_key> work;  ///< Whose end was not told yet.
    std::optional<work_key> holds; ///< An ended work whose give_back waits for the exit.
    std::optional<instant> due;    ///< When the state's patience ends.
    bool retires = false;          ///< Ends with its work.
    bool runs_work = false;        ///< It was given its work.
    bool stop_wanted = false;      ///< Of its work.
    bool killed = false;
    bool exited = false; ///< It has survivors.
    std::string why;     ///< It was killed.
  };

  std::optional<worker_id> free_worker(const worker_spec& spec) const;
  void become_idle(worker_id id, entry& w, instant now, actions& out);
  void send_home(worker_id id, entry& w, instant now, actions& out);
  void kill(worker_id id, entry& w, std::string why, actions& out);
  void stop(worker_id id, entry& w, instant deadline, instant now, actions& out);
  void end_unstarted_work(worker_id id, entry& w, actions& out);
  void set_state(worker_id id, entry& w, worker_state state, std::optional<instant> due);
  void forget_free(worker_id id, const entry& w);

  worker_table_options options_;
  std::uint64_t last_worker_ = 0;
  std::map<worker_id, entry> workers_;
  std::map<work_key, worker_id> works_;             ///< Only those whose end was not told yet.
  std::map<worker_spec, std::set<worker_id>> free_; ///< Idle, or starting without work.
  std::set<std::pair<instant, worker_id>> idle_;    ///< By when they are to be sent home.
  std::set<std::pair<instant, worker_id>> due_;
};

} // namespace runtime
