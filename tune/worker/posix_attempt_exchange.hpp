#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/posix_last_words.hpp"

namespace tune {

/// Where the driver's requests and the thread of the user's code meet: each request is given the events that have come
/// since the last one, as soon as there is one. Requests do not block; events are given on the thread that runs the
/// attempt, or on that of a request that finds some.
///
/// With a listener nobody has to ask: it hears each event at once, on the thread that runs the attempt.
class attempt_exchange {
public:
  using then = std::function<void(attempt_events)>;
  using listener = std::function<void(trial_id, attempt_number, attempt_event)>;

  /// So many events may wait for a request, and so many reports that a listener has heard for their answer; who tells
  /// more waits. They bound the worker's memory and how far it is ahead of the journal.
  static constexpr std::size_t most_waiting = 1'000;
  /// Who may wait for less does not wait: no sync is as fast, and falling asleep takes as long.
  static constexpr std::chrono::microseconds worth_waiting{50};

  explicit attempt_exchange(listener hears = nullptr) : hears_(std::move(hears)) {}

  // -- any thread
  [[nodiscard]] result<void> begin(attempt_order order, then with);  ///< Error: an attempt runs already.
  [[nodiscard]] result<void> answer(attempt_reply reply, then with); ///< Error: none runs, or a request waits already.
  [[nodiscard]] result<void> begin(attempt_order order);             ///< With a listener.
  [[nodiscard]] result<void> answer(attempt_reply reply);            ///< With a listener.
  /// From now on every answer is `at_close()`, and there is no further order.
  void close();
  /// Whoever asks may have gone: the attempt saves and ends. A listener is of the same process and needs no checkpoint.
  attempt_answer at_close() const { return hears_ ? attempt_answer::stop : attempt_answer::pause; }
  const report_progress& progress() const noexcept { return progress_; }
  bool is_closed() const;
  void heard(); ///< Also the end of the last attempt.

  // -- the thread that runs attempts
  std::optional<attempt_order> wait_for_order(); ///< Nothing: it is closed.
  void tell(attempt_event event);
  /// To the report of this iteration, the last that was told. Where no answer is needed it waits no longer than that.
  /// A stop or pause that answers an earlier report says nothing of this one yet: its own answer, which says the same,
  /// comes when its result is on disk (I5). One that answers no report (`to` is 0) ends the wait at once.
  attempt_answer wait_for_answer(iteration_number to, std::chrono::nanoseconds patience);
  /// The attempt has ended: once that is given to a request, the next may begin.
  void tell_last(attempt_over over);
  /// What the last attempt told and nobody answered, with `alive` first: of whoever asked it is not known whether they
  /// have it. Empty: they have heard all, to its end.
  attempt_events unheard() const;

private:
  [[nodiscard]] result<void> take(attempt_order order); ///< Under the lock.
  void take(const attempt_reply& reply);
  void give(std::unique_lock<std::mutex>& lock); ///< To the request that waits. Unlocks.
  bool has_room() const;

  const listener hears_; // Null: events are asked for.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_closed_ = false;
  bool is_busy_ = false; // From an order until its last event was given.
  std::optional<attempt_order> order_;
  trial_id trial_; // Whose attempt it is.
  attempt_number attempt_ = 0;
  attempt_events told_; // And not given yet.
  attempt_events alive_;      // The attempt's first event, if it was told,
  attempt_events unanswered_; // and those that were given to a request that has no answer yet.
  attempt_answer answer_ = attempt_answer::go_on;
  bool ends_at_once_ = false; // What was told last need not be on disk.
  iteration_number free_until_ = 0;
  report_progress progress_;
  iteration_number given_ = 0; // The last report's, of those that a request was given: the next answer is to it.
  then waiting_;               // The request that was not given its events yet.
};

} // namespace tune
