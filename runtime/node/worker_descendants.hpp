#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace runtime {

/// What the system knows of a process at one moment.
struct process_facts {
  int pid = 0;
  int parent = 0;
  int group = 0;
  int session = 0;
  std::uint64_t started = 0; ///< In clock ticks since the machine's boot: with pid it is one process for ever.
  std::uint64_t resident_bytes = 0;
  bool has_ended = false;    ///< Nobody has waited for it yet.
  bool is_looked_at = false; ///< For its marks.
  bool is_starting = false;  ///< Its marks cannot be seen yet: it is inside execve.
  std::string marks;         ///< See worker_mark.hpp; empty: none, or not looked at.
};

using process_key = std::pair<int, std::uint64_t>; ///< pid, started.

inline process_key key_of(const process_facts& process) {
  return {process.pid, process.started};
}

/// A worker that has ended and was waited for, and whose descendants must not outlive it.
struct ended_worker {
  int pid = 0;                 ///< It led the group of this number.
  std::string mark;            ///< Empty: it had none.
  std::uint64_t started = 0;   ///< Of its process: what began earlier is not its descendant.
  std::set<process_key> known; ///< Seen below it while it lived.
};

/// Those of `all` that descend from the process, which may have ended; without itself.
[[nodiscard]] std::vector<process_facts> descendants_of(int pid, const std::vector<process_facts>& all);

/// Those of `all` that run and are descendants of the worker: of its group, marked, known, or below one that is.
[[nodiscard]] std::vector<process_facts> left_by(const ended_worker& worker, const std::vector<process_facts>& all);

/// True while one of `all` may turn out to be the worker's descendant: look again soon.
[[nodiscard]] bool may_be_left_by(const ended_worker& worker, const std::vector<process_facts>& all);

/// Living workers that are starting are no descendants of others: no end waits to see their marks.
void do_not_wait_for(const std::map<int, std::uint64_t>& workers, std::vector<process_facts>& all);

/// Those that this process was given because their parents ended, and that belong to no living worker, as none has
/// started before them. For a process without other children than its workers.
[[nodiscard]] std::vector<process_facts> unclaimed_orphans(int self, const std::map<int, std::uint64_t>& workers,
                                                           const std::vector<process_facts>& all);

} // namespace runtime
