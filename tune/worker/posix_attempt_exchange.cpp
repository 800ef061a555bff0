#include "tune/worker/posix_attempt_exchange.hpp"

#include <utility>

#include "runtime/base/invariant.hpp"

namespace tune {

result<void> attempt_exchange::begin(attempt_order order, then with) {
  {
    std::lock_guard guard(mutex_);
    if (is_closed_)
      return fail(errc::cancelled, "this worker takes no attempt any more: it was told to end");
    if (is_busy_)
      return fail(errc::refused, "an attempt runs here already; the next may begin when this one is over");
    is_busy_ = true;
    order_ = std::move(order);
    waiting_ = std::move(with);
  }
  changed_.notify_all();
  return {};
}

result<void> attempt_exchange::answer(attempt_answer answer, then with) {
  {
    std::lock_guard guard(mutex_);
    const bool is_late = is_closed_ && is_busy_ && !waiting_; // It ends already: what comes next is `over`.
    if (!is_late && (!is_busy_ || !is_unanswered_ || answer_))
      return fail(errc::refused,
                  is_busy_ ? "the attempt has told nothing that waits for an answer" : "no attempt runs here");
    if (!is_late)
      answer_ = answer;
    waiting_ = std::move(with);
  }
  changed_.notify_all();
  return {};
}

void attempt_exchange::close() {
  {
    std::lock_guard guard(mutex_);
    is_closed_ = true;
  }
  changed_.notify_all();
}

bool attempt_exchange::is_closed() const {
  std::lock_guard guard(mutex_);
  return is_closed_;
}

std::optional<attempt_order> attempt_exchange::wait_for_order() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return order_ || is_closed_; });
  return std::exchange(order_, std::nullopt); // Taken before it was closed: it is run, and ends at once.
}

void attempt_exchange::tell(attempt_event event) {
  then with;
  {
    std::lock_guard guard(mutex_);
    CAF_TUNE_INVARIANT(!is_unanswered_, "an event before the last one was answered");
    is_unanswered_ = true;
    with = std::exchange(waiting_, nullptr);
  }
  if (with)
    with(std::move(event));
}

attempt_answer attempt_exchange::wait_for_answer() {
  std::unique_lock lock(mutex_);
  return wait_for_answer(lock);
}

attempt_answer attempt_exchange::wait_for_answer(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return answer_ || is_closed_; });
  is_unanswered_ = false;
  const auto given = std::exchange(answer_, std::nullopt);
  return is_closed_ ? attempt_answer::stop : *given;
}

void attempt_exchange::tell_last(attempt_over over) {
  then with;
  {
    std::unique_lock lock(mutex_);
    if (is_unanswered_)
      wait_for_answer(lock);
    is_busy_ = false;
    with = std::exchange(waiting_, nullptr);
  }
  if (with) // None: it was closed, and nobody had asked.
    with(std::move(over));
}

} // namespace tune
