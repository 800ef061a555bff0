#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// What the trials of a search do.
enum class trial_kind {
  trivial,   ///< One result, at once.
  alone,     ///< The same, each trial in a process of its own.
  inside,    ///< The same, on threads of the driver itself, one for each cpu.
  sleeping,  ///< Sleeps for `pause_us`, then one result.
  slots,     ///< The same, and says from when to when.
  reporting, ///< `reports` results of four metrics, as fast as they are answered, or one each `pause_us`.
};

struct search_order {
  trial_kind kind = trial_kind::trivial;
  std::uint64_t trials = 1;
  int cpus = 2; ///< Declared; a trial takes one.
  int reports = 1;
  int pause_us = 0;
  std::string searcher = "random"; ///< It is not a searcher that is measured, but for `slots`.
};

struct search_outcome {
  double cold_s = 0;   ///< From the start of its process to that one's end.
  double search_s = 0; ///< From the search's start, on a cluster that is there, to all files written.
  double synced_s = 0; ///< From there to its end in the journal.
  std::uint64_t results = 0;
  std::vector<double> answers_s; ///< What each report of `reporting` waited for its answer, sorted.
  /// Of `slots`, each trial from its begin to its end, by a clock that all processes of a machine have in common.
  std::vector<std::pair<double, double>> busy_s;
};

/// Runs a search as a driver of its own, a process of this program, with an embedded cluster, in the current
/// directory's disk. Throws std::runtime_error when it did not count all results or left a file unwritten.
search_outcome search_in_child(const search_order& order);

/// What that process runs when it was started with this argument first.
constexpr const char* search_argument = "search";
int run_search(int argc, char** argv);

/// From `kill -9` of the node that runs a trial to that trial's next step, on another node: seconds. Throws where the
/// trial did not go on elsewhere.
double seconds_to_next_step_elsewhere();

} // namespace bench
