#pragma once

#include <cstdint>
#include <string>

namespace bench {

/// A search with `in_process_threads`.
struct long_search {
  std::string storage;
  std::uint64_t trials = 1;
  std::uint64_t finished = 0; ///< Of these: by an earlier driver, with one result each. See write_finished_trials().
  int reports = 1;            ///< Of each other one.
};

struct long_search_outcome {
  double ready_s = 0;   ///< Open, and everything of earlier drivers replayed.
  double journal_s = 0; ///< From then on, until the journal's last record was on disk.
  double files_s = 0;   ///< From then on, until each trial's files were written.
  double peak_mb = 0;   ///< Of resident memory, until then.
  double cpu_us = 0;  ///< A result, of the second half of those that this driver counted: processor time of the driver.
  double wall_us = 0; ///< The same by the clock: with the waits for the disk.
  std::uint64_t results = 0;
};

/// Runs it as a driver of its own, a process of this program. Throws std::runtime_error when that fails or has not
/// counted all results.
long_search_outcome run_in_child(const long_search& search);

/// Writes the journal of the driver that did the finished trials, their files being taken for written: what a resume
/// finds.
void write_finished_trials(const long_search& search);

/// What that process runs when it was started with this argument first.
constexpr const char* long_search_argument = "long-search";
int run_long_search(int argc, char** argv);

} // namespace bench
