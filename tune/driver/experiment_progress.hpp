#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/cluster.hpp"
#include "tune/results/posix_progress_printer.hpp"
#include "tune/results/progress_text.hpp"

namespace tune {

class experiment_run;

/// Shows on standard error how an experiment goes: a status block where that is a terminal, otherwise a line for each
/// event. All functions may be called by any thread.
class experiment_progress {
public:
  /// `budget`: how long the experiment may take, if that is limited.
  experiment_progress(runtime::cluster& cluster, std::optional<std::chrono::nanoseconds> budget);
  ~experiment_progress();

  void show(experiment_run& run); ///< From now on; the run must live until end().
  void on_record(const journal_record& record, const experiment_view& view);
  void say(const std::string& line);
  void end(); ///< The last block is drawn, and nothing more.

private:
  std::string draw(const progress_options& size);
  progress_facts facts();

  runtime::cluster& cluster_;
  std::optional<std::chrono::nanoseconds> budget_;
  const bool block_;
  const record::wall_time begun_;
  std::mutex mutex_;
  experiment_run* run_ = nullptr;
  std::uint64_t ended_before_ = 0;
  std::chrono::steady_clock::time_point asked_; ///< The cluster, what is in use.
  std::map<std::string, progress_facts::share> resources_;
  std::unique_ptr<posix_progress_printer> printer_; ///< Last: its thread uses the others.
};

} // namespace tune
