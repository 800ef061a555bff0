#include "tune/results/file_results_writer.hpp"

#include <algorithm>

#include <pthread.h>
#include <signal.h>

namespace tune {
namespace {

/// Signals are the business of the thread that waits for them.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

constexpr std::chrono::milliseconds first_mend_wait{1'000};
/// A record waits for others, so that not each of them wakes a thread.
constexpr std::chrono::milliseconds gathering{20};

} // namespace

file_results_writer::file_results_writer(results_writer_options options, std::unique_ptr<record_source> journal)
  : options_(std::move(options)),
    journal_(std::move(journal)),
    results_(options_.results, *journal_),
    newest_(options_.in_journal),
    thread_([this] { run(); }) {
}

file_results_writer::~file_results_writer() {
  {
    const std::lock_guard lock(mutex_);
    order_ = std::max(order_, order::stop);
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void file_results_writer::add(journal_position position, journal_record record) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    newest_ = std::max(newest_, position);
    if (queue_.size() < options_.max_queued)
      queue_.emplace_back(position, std::move(record));
    else
      ++counts_.left_out;
    wake = std::exchange(idle_, false) || queue_.size() == full_enough();
  }
  if (wake)
    wake_.notify_one();
}

result<void> file_results_writer::finish() {
  {
    const std::lock_guard lock(mutex_);
    order_ = std::max(order_, order::finish);
  }
  wake_.notify_one();
  if (thread_.joinable())
    thread_.join();
  return end_.value_or(result<void>());
}

file_results_writer::figures file_results_writer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void file_results_writer::run() {
  block_signals();
  tell(results_.open(options_.in_journal));
  next_flush_ = clock::now() + options_.flush_every;
  for (;;) {
    std::deque<std::pair<journal_position, journal_record>> records;
    journal_position newest = 0;
    order now = order::go_on;
    {
      std::unique_lock lock(mutex_);
      counts_.written = results_.next() - 1;
      idle_ = queue_.empty();
      wake_.wait_until(lock, next_flush_, [this] { return !queue_.empty() || order_ != order::go_on; });
      idle_ = false;
      wake_.wait_for(lock, gathering,
                     [this] { return queue_.empty() || queue_.size() >= full_enough() || order_ != order::go_on; });
      records.swap(queue_);
      newest = newest_;
      now = order_;
    }
    if (now == order::stop)
      return;
    work(records, newest);
    if (now == order::finish) {
      end_ = finish_files(newest);
      return;
    }
    if (const auto at = clock::now(); at >= next_flush_)
      flush_or_mend(at);
  }
}

void file_results_writer::work(std::deque<std::pair<journal_position, journal_record>>& records,
                               journal_position newest) {
  for (auto& [position, record] : records) {
    if (position > results_.next()) { // Some did not fit the queue.
      {
        const std::lock_guard lock(mutex_);
        ++counts_.catching_up;
      }
      const auto caught_up = results_.catch_up(position - 1);
      tell(caught_up);
      if (!caught_up)
        return; // These, too, are read from the journal when it can be read.
    }
    results_.on_record(position, record);
  }
  if (records.empty() && results_.next() <= newest)
    tell(results_.catch_up(newest));
}

void file_results_writer::flush_or_mend(clock::time_point now) {
  if (!results_.has_broken())
    tell(results_.flush());
  if (results_.has_broken() && now >= next_mend_) {
    const auto mended = results_.mend();
    tell(mended);
    mend_wait_ = mended
                   ? std::chrono::milliseconds(0)
                   : std::clamp(mend_wait_ * 2, first_mend_wait, std::max(first_mend_wait, options_.longest_mend_wait));
    next_mend_ = now + mend_wait_;
  }
  next_flush_ = clock::now() + options_.flush_every;
}

void file_results_writer::tell(const result<void>& done) {
  if (!done && !in_trouble_ && options_.on_trouble)
    options_.on_trouble(done.error());
  in_trouble_ = !done;
}

result<void> file_results_writer::finish_files(journal_position newest) {
  if (auto caught_up = results_.catch_up(newest); !caught_up)
    return caught_up;
  return results_.finish();
}

} // namespace tune
