#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "tune/trial/attempt_messages.hpp"

namespace tune {

/// Where the driver's requests and the thread of the user's code meet: each request is given the next event, once, and
/// each event waits for its answer. Requests do not block; the events are given on the thread that runs the attempt.
class attempt_exchange {
public:
  using then = std::function<void(attempt_event)>;

  // -- any thread
  [[nodiscard]] result<void> begin(attempt_order order, then with);    ///< Error: an attempt runs already.
  [[nodiscard]] result<void> answer(attempt_answer answer, then with); ///< Error: no event waits for an answer.
  /// From now on every answer is `stop`, and there is no further order.
  void close();
  bool is_closed() const;

  // -- the thread that runs attempts
  std::optional<attempt_order> wait_for_order(); ///< Nothing: it is closed.
  void tell(attempt_event event);                ///< To the request that waits; the previous event has been answered.
  attempt_answer wait_for_answer();              ///< To the last event. At once if it was answered before.
  /// The attempt has ended: waits for the answer to the last event, if it has none yet; from then on it may begin anew.
  void tell_last(attempt_over over);

private:
  attempt_answer wait_for_answer(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_closed_ = false;
  bool is_busy_ = false;       // From an order to its last event.
  bool is_unanswered_ = false; // The last event.
  std::optional<attempt_order> order_;
  std::optional<attempt_answer> answer_;
  then waiting_; // The request that was not given its event yet.
};

} // namespace tune
