#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "tune/results/file_results.hpp"

namespace tune {

struct results_writer_options {
  file_results_options results;
  journal_position in_journal = 0; ///< The last record that was there before: read from the journal at first.
  std::size_t max_queued = 16'384; ///< Records; those that come while it is full are read from the journal later.
  std::chrono::milliseconds flush_every{1'000}; ///< What waits is in the files after this time.
  std::chrono::milliseconds longest_mend_wait{30'000};
  /// Told, on the writer's thread, what cannot be written: once until it is well again. It is tried again.
  std::function<void(const error&)> on_trouble;
};

/// Writes an experiment's files in a thread of its own, from the records of its journal. Whoever adds records never
/// waits for the disk: what does not fit the queue is read from the journal when there is time.
class file_results_writer {
public:
  file_results_writer(results_writer_options options, std::unique_ptr<record_source> journal);
  ~file_results_writer(); ///< Ends without writing what waits: the next driver does that.
  file_results_writer(const file_results_writer&) = delete;
  file_results_writer& operator=(const file_results_writer&) = delete;

  /// A record that is durable; positions ascend, and all of them are given.
  void add(journal_position position, journal_record record);
  /// Waits until everything that was added is in the files, and ends the thread. The error that kept it from that.
  [[nodiscard]] result<void> finish();

  struct figures {
    journal_position written = 0;  ///< Up to here all is in the files, or buffered for less than a second.
    std::uint64_t left_out = 0;    ///< Records that did not fit the queue.
    std::uint64_t catching_up = 0; ///< How often it went to the journal for them.
  };
  figures counts() const;

private:
  enum class order { go_on, finish, stop };
  using clock = std::chrono::steady_clock;

  std::size_t full_enough() const noexcept { return options_.max_queued / 4 + 1; } ///< To wait no longer.
  void run();
  void work(std::deque<std::pair<journal_position, journal_record>>& records, journal_position newest);
  void flush_or_mend(clock::time_point now);
  void tell(const result<void>& done);
  [[nodiscard]] result<void> finish_files(journal_position newest);

  const results_writer_options options_;
  const std::unique_ptr<record_source> journal_;
  file_results results_; ///< Of the thread alone, like all down to mutex_.
  clock::time_point next_flush_;
  clock::time_point next_mend_;
  std::chrono::milliseconds mend_wait_{0};
  bool in_trouble_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<journal_position, journal_record>> queue_;
  journal_position newest_ = 0; ///< That was added, or was there before.
  order order_ = order::go_on;
  bool idle_ = false;
  figures counts_;
  std::optional<result<void>> end_;
  std::thread thread_;
};

} // namespace tune
