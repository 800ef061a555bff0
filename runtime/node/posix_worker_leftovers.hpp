#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

#include "runtime/node/start_patience.hpp"
#include "runtime/node/worker_descendants.hpp"

namespace runtime {

struct worker_leftovers_options {
  /// Where workers have their directories; empty: these are nobody's business here.
  std::string directory;
  std::size_t max_kept = 20; ///< Directories of workers that did not end well: the newest.
  /// This process is a subreaper, and has no children but workers and what they left behind.
  bool adopts_orphans = false;
};

/// Clears away what workers leave behind: kills their descendants, wherever those have hidden, until none is left, and
/// tells so; then removes a worker's directory, or keeps it for whoever wants to know why it failed. All on a thread of
/// its own, because a look at all processes takes some milliseconds, and a directory may be large.
class posix_worker_leftovers {
public:
  struct worker {
    ended_worker process;  ///< Without a mark: only its group is looked for.
    std::string directory; ///< Empty: it has none.
    bool ended_well = false;
    // On the thread of this; they only pass on. May be empty.
    std::function<void()> on_clear; ///< Nothing of it is left, as far as can be seen. Once.
    /// It takes long: a process in uninterruptible sleep survives SIGKILL. Once, after a second.
    std::function<void(const std::vector<process_facts>& left)> on_waiting;
  };

  /// Directories that an earlier start has left count as those of workers that failed.
  explicit posix_worker_leftovers(worker_leftovers_options options);
  ~posix_worker_leftovers(); ///< Not before what was told is cleared away, but within a second.
  posix_worker_leftovers(const posix_worker_leftovers&) = delete;
  posix_worker_leftovers& operator=(const posix_worker_leftovers&) = delete;

  // From the thread that starts workers and waits for them. Between the first two a child of this process is unknown.
  void on_starting();
  void on_started(const process_facts& process); ///< Or an empty one: it could not be started.
  void on_ended(pid_t pid, worker what);         ///< It was waited for.

private:
  struct ending {
    worker what;
    std::chrono::steady_clock::time_point told_at;
    std::optional<std::chrono::steady_clock::time_point> only_starting_since; ///< What may be left shows no mark yet.
    bool is_clear = false;
  };

  void run();
  bool look();
  void kill(const process_facts& process);
  void reap(const std::vector<process_facts>& all);
  void kill_unclaimed(const std::vector<process_facts>& all, std::uint64_t children_before);
  void clear_directory(const worker& what);
  void find_old_directories();
  void keep_newest();

  worker_leftovers_options options_;
  bool is_foster_parent_ = false;
  std::vector<ending> ending_; // Of the thread.
  start_patience patience_;
  std::set<process_key> killed_; // Perhaps ours to wait for.
  std::deque<std::string> kept_; // The oldest first.

  std::mutex mutex_; // Of what follows.
  std::condition_variable changed_;
  std::vector<worker> told_;
  std::map<int, std::uint64_t> workers_;
  std::uint64_t children_ = 0; // Counts each change of them; odd: one is being started.
  bool is_ending_ = false;

  std::thread thread_;
};

} // namespace runtime
