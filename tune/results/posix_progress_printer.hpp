#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "tune/results/progress_text.hpp"

namespace tune {

struct progress_printer_options {
  int descriptor = 2; ///< Where it prints.
  bool block = false; ///< A status block that is drawn anew; else only lines. See is_terminal().
  std::chrono::milliseconds redraw_every{250};
  std::size_t max_lines = 10'000; ///< That wait to be printed; more are counted and left out.
  /// The block, for a terminal of that size; called on the printer's thread. Empty: nothing to show.
  std::function<std::string(const progress_options&)> draw;
};

/// Whether a status block makes sense there.
bool is_terminal(int descriptor);

/// Prints progress in a thread of its own, so that a slow terminal holds up nothing else.
class posix_progress_printer {
public:
  explicit posix_progress_printer(progress_printer_options options);
  ~posix_progress_printer(); ///< Prints what waits and the last block.
  posix_progress_printer(const posix_progress_printer&) = delete;
  posix_progress_printer& operator=(const posix_progress_printer&) = delete;

  void add(std::string line); ///< With its newline; empty: nothing. Above the block, where there is one.

private:
  void run();
  void print(const std::deque<std::string>& lines, std::uint64_t left_out, bool redraw);

  const progress_printer_options options_;
  std::size_t drawn_lines_ = 0; ///< Of the block that stands there; of the thread alone.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  std::uint64_t left_out_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

} // namespace tune
