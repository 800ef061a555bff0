#include "tune/worker/posix_in_process_attempts.hpp"

#include <algorithm>

namespace tune {
namespace {

attempt_over not_run() {
  return {{end_cause::stopped, "it was stopped before it began"}, std::nullopt, {}};
}

trial_runner_options sharing_this_process(trial_runner_options options, attempt_exchange::listener hears) {
  options.owns_process = false;
  options.hears = std::move(hears);
  return options;
}

} // namespace

in_process_attempts::in_process_attempts(std::size_t threads, trial_runner_options each, listener hears)
  : threads_(std::max<std::size_t>(threads, 1)),
    hears_(std::move(hears)),
    options_(sharing_this_process(std::move(each), [this](trial_id trial, attempt_number attempt, attempt_event event) {
      hear(trial, attempt, std::move(event));
    })) {
}

in_process_attempts::~in_process_attempts() {
  close([] {});
  runners_.clear(); // Waits; nobody adds one any more.
}

void in_process_attempts::begin(attempt_order order) {
  const key which{order.trial, order.attempt};
  {
    std::lock_guard guard(mutex_);
    auto* runner = is_closed_ ? nullptr : idle_runner();
    if (runner == nullptr && !is_closed_) {
      waiting_.push_back(std::move(order));
      return;
    }
    if (runner != nullptr && begin_on(*runner, std::move(order)))
      return;
  }
  hears_(which.first, which.second, not_run());
}

trial_runner* in_process_attempts::idle_runner() {
  if (idle_.empty()) {
    if (runners_.size() == threads_)
      return nullptr;
    runners_.push_back(std::make_unique<trial_runner>(options_));
    return runners_.back().get();
  }
  auto* runner = idle_.back(); // The one that was busy last: its thread and caches are warm.
  idle_.pop_back();
  return runner;
}

/// Under the lock, so that what is said of the attempt from now on finds it begun. False: it was closed.
bool in_process_attempts::begin_on(trial_runner& runner, attempt_order order) {
  const key which{order.trial, order.attempt};
  if (!runner.begin(std::move(order)))
    return false;
  running_[which] = &runner;
  return true;
}

void in_process_attempts::hear(trial_id trial, attempt_number attempt, attempt_event event) {
  const bool is_over = std::holds_alternative<attempt_over>(event);
  hears_(trial, attempt, std::move(event));
  if (!is_over)
    return;
  std::unique_lock lock(mutex_);
  const auto found = running_.find({trial, attempt});
  auto& runner = *found->second;
  running_.erase(found);
  if (!waiting_.empty()) { // It takes the next one, on the thread that is awake.
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    const key which{next.trial, next.attempt};
    if (begin_on(runner, std::move(next)))
      return;
    lock.unlock();
    hears_(which.first, which.second, not_run());
    lock.lock();
  } else
    idle_.push_back(&runner);
  tell_if_empty(lock);
}

/// Unlocks.
void in_process_attempts::tell_if_empty(std::unique_lock<std::mutex>& lock) {
  std::function<void()> told;
  if (is_closed_ && running_.empty() && waiting_.empty())
    told = std::exchange(when_empty_, nullptr);
  lock.unlock();
  if (told)
    told();
}

void in_process_attempts::answer(trial_id trial, attempt_number attempt, const attempt_reply& reply) {
  std::lock_guard guard(mutex_); // Its runner takes no other attempt meanwhile.
  if (const auto found = running_.find({trial, attempt}); found != running_.end())
    (void)found->second->answer(reply); // An error: it is just over.
}

void in_process_attempts::stop(trial_id trial, attempt_number attempt) {
  {
    std::lock_guard guard(mutex_);
    if (const auto found = running_.find({trial, attempt}); found != running_.end()) {
      (void)found->second->answer({attempt_answer::stop, 0, 0});
      return;
    }
    const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&](const attempt_order& each) {
      return each.trial == trial && each.attempt == attempt;
    });
    if (waits == waiting_.end())
      return;
    waiting_.erase(waits);
  }
  hears_(trial, attempt, not_run());
}

void in_process_attempts::close(std::function<void()> when_empty) {
  std::deque<attempt_order> dropped;
  std::vector<trial_runner*> all;
  std::unique_lock lock(mutex_);
  if (std::exchange(is_closed_, true))
    return;
  dropped.swap(waiting_);
  for (const auto& each : runners_)
    all.push_back(each.get());
  lock.unlock();
  for (auto* each : all)
    each->shut_down([] {});
  for (const auto& each : dropped)
    hears_(each.trial, each.attempt, not_run());
  lock.lock();
  when_empty_ = std::move(when_empty); // Only now: what was dropped has been told.
  tell_if_empty(lock);
}

} // namespace tune
