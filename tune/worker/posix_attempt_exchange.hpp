#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/posix_last_words.hpp"

namespace tune {

/// Where the driver's requests and the thread of the user's code meet: each request is given the events that have come
/// since the last one, as soon as there is one. Requests do not block; events are given on the thread that runs the
/// attempt, or on that of a request that finds some.
class attempt_exchange {
public:
  using then = std::function<void(attempt_events)>;

  /// So many events may wait for a request; who tells more waits for it. They bound the worker's memory and how far it
  /// is ahead of the journal.
  static constexpr std::size_t most_waiting = 1'000;

  // -- any thread
  [[nodiscard]] result<void> begin(attempt_order order, then with);   ///< Error: an attempt runs already.
  [[nodiscard]] result<void> answer(attempt_reply reply, then with); ///< Error: none runs, or a request waits already.
  /// From now on every answer is `stop`, and there is no further order.
  void close();
  const report_progress& progress() const noexcept { return progress_; }
  bool is_closed() const;

  // -- the thread that runs attempts
  std::optional<attempt_order> wait_for_order(); ///< Nothing: it is closed.
  void tell(attempt_event event);
  /// To the report of this iteration, the last that was told. Where no answer is needed it waits no longer than that.
  attempt_answer wait_for_answer(iteration_number to, std::chrono::nanoseconds patience);
  /// The attempt has ended: once that is given to a request, the next may begin.
  void tell_last(attempt_over over);

private:
  void give(std::unique_lock<std::mutex>& lock); ///< To the request that waits. Unlocks.

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_closed_ = false;
  bool is_busy_ = false; // From an order until its last event was given.
  std::optional<attempt_order> order_;
  attempt_events told_; // And not given yet.
  attempt_answer answer_ = attempt_answer::go_on;
  iteration_number free_until_ = 0;
  report_progress progress_;
  iteration_number given_ = 0;    // The last report's, of those that a request was given: the next answer is to it.
  then waiting_; // The request that was not given its events yet.
};

} // namespace tune
