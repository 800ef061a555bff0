#include "tune/worker/posix_attempt_exchange.hpp"

#include <algorithm>
#include <utility>

#include "runtime/base/invariant.hpp"

namespace tune {

result<void> attempt_exchange::begin(attempt_order order, then with) {
  {
    std::lock_guard guard(mutex_);
    if (auto taken = take(std::move(order)); !taken)
      return taken;
    waiting_ = std::move(with);
  }
  changed_.notify_all();
  return {};
}

result<void> attempt_exchange::begin(attempt_order order) {
  CAF_TUNE_INVARIANT(hears_ != nullptr, "an order without somebody who hears of it");
  {
    std::lock_guard guard(mutex_);
    if (auto taken = take(std::move(order)); !taken)
      return taken;
  }
  changed_.notify_all();
  return {};
}

result<void> attempt_exchange::take(attempt_order order) {
  if (is_closed_)
    return fail(errc::cancelled, "this worker takes no attempt any more: it was told to end");
  if (is_busy_)
    return fail(errc::refused, "an attempt runs here already; the next may begin when this one is over");
  is_busy_ = true;
  answer_ = attempt_answer::go_on;
  ends_at_once_ = false;
  free_until_ = order.free_until;
  // What was counted before it was restored needs no answer.
  progress_.answered = progress_.told = given_ = order.restore ? order.restore->iteration : 0;
  trial_ = order.trial;
  attempt_ = order.attempt;
  alive_.clear();
  unanswered_.clear();
  order_ = std::move(order);
  return {};
}

result<void> attempt_exchange::answer(attempt_reply reply, then with) {
  {
    std::unique_lock lock(mutex_);
    if (!is_busy_ || waiting_)
      return fail(errc::refused, is_busy_ ? "the attempt is asked already" : "no attempt runs here");
    reply.to = given_; // Who was asked before knows no numbers: it is the answer to all that it got.
    take(reply);
    progress_.answered = given_;
    unanswered_.clear();
    waiting_ = std::move(with);
    if (!told_.empty())
      give(lock);
  }
  changed_.notify_all();
  return {};
}

result<void> attempt_exchange::answer(attempt_reply reply) {
  {
    std::lock_guard guard(mutex_);
    if (!is_busy_)
      return fail(errc::refused, "no attempt runs here");
    take(reply);
    progress_.answered = std::max(progress_.answered.load(), reply.to);
  }
  changed_.notify_all();
  return {};
}

void attempt_exchange::take(const attempt_reply& reply) {
  if (answer_ == attempt_answer::go_on)
    answer_ = reply.what;
  ends_at_once_ = ends_at_once_ || (reply.what != attempt_answer::go_on && reply.to == 0);
  free_until_ = std::max(free_until_, reply.free_until);
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
  std::unique_lock lock(mutex_);
  // Who is told to end gets no room any more, and needs none: it ends with this report.
  changed_.wait(lock, [this] { return has_room() || is_closed_ || (hears_ && answer_ != attempt_answer::go_on); });
  if (const auto* report = std::get_if<attempt_report>(&event))
    progress_.told = report->iteration;
  if (hears_) {
    lock.unlock();
    return hears_(trial_, attempt_, std::move(event)); // Both are of the attempt that this thread runs.
  }
  told_.push_back(std::move(event));
  if (waiting_ && !is_closed_) // Else it ends with that, and whoever waits gets it with the end.
    give(lock);
}

bool attempt_exchange::has_room() const {
  constexpr auto most = static_cast<iteration_number>(most_waiting);
  return hears_ ? progress_.told - progress_.answered < most : told_.size() < most_waiting;
}

attempt_answer attempt_exchange::wait_for_answer(iteration_number to, std::chrono::nanoseconds patience) {
  std::unique_lock lock(mutex_);
  const auto is_answered = [&] { return to <= progress_.answered || ends_at_once_ || is_closed_; };
  const auto has_leave = [&] { return to < free_until_ && answer_ == attempt_answer::go_on; };
  if (has_leave() && patience >= worth_waiting)
    changed_.wait_for(lock, patience, is_answered);
  changed_.wait(lock, [&] { return has_leave() || is_answered(); });
  return is_closed_ && answer_ == attempt_answer::go_on ? at_close() : answer_;
}

void attempt_exchange::tell_last(attempt_over over) {
  std::unique_lock lock(mutex_);
  if (hears_) {
    const auto [trial, attempt] = std::pair(trial_, attempt_);
    is_busy_ = false;
    progress_.answered = progress_.told.load(); // No answer will come.
    lock.unlock();
    return hears_(trial, attempt, std::move(over));
  }
  told_.push_back(std::move(over));
  if (waiting_)
    give(lock);
}

void attempt_exchange::heard() {
  std::lock_guard guard(mutex_);
  if (is_busy_)
    return;
  alive_.clear();
  unanswered_.clear();
}

attempt_events attempt_exchange::unheard() const {
  std::lock_guard guard(mutex_);
  auto all = alive_;
  all.insert(all.end(), unanswered_.begin(), unanswered_.end());
  all.insert(all.end(), told_.begin(), told_.end());
  return all;
}

void attempt_exchange::give(std::unique_lock<std::mutex>& lock) {
  auto events = std::exchange(told_, {});
  for (const auto& each : events)
    (std::holds_alternative<attempt_alive>(each) ? alive_ : unanswered_).push_back(each);
  const auto with = std::exchange(waiting_, nullptr);
  if (std::holds_alternative<attempt_over>(events.back())) {
    is_busy_ = false;
    progress_.answered = progress_.told.load(); // No answer will come.
  }
  for (const auto& each : events)
    if (const auto* report = std::get_if<attempt_report>(&each))
      given_ = report->iteration;
  lock.unlock();         // Who is called may ask for more.
  changed_.notify_all(); // There is room.
  with(std::move(events));
}

} // namespace tune
