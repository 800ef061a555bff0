#include "tune/worker/posix_in_process_attempts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {
namespace {

attempt_events not_run() {
  return {attempt_over{{end_cause::stopped, "it was stopped before it began"}, std::nullopt, {}}};
}

trial_runner_options sharing_this_process(trial_runner_options options) {
  options.owns_process = false;
  return options;
}

} // namespace

in_process_attempts::in_process_attempts(std::size_t threads, trial_runner_options each)
  : threads_(std::max<std::size_t>(threads, 1)),
    options_(sharing_this_process(std::move(each))) {
}

in_process_attempts::~in_process_attempts() {
  close();
  runners_.clear(); // Waits; nobody adds one any more.
}

void in_process_attempts::begin(attempt_order order, then with) {
  trial_runner* runner = nullptr;
  {
    std::lock_guard guard(mutex_);
    if (!is_closed_) {
      runner = idle_runner();
      if (runner == nullptr) {
        waiting_.push_back({std::move(order), std::move(with)});
        return;
      }
      running_[{order.trial, order.attempt}] = runner;
    }
  }
  if (runner == nullptr)
    return with(not_run());
  begin_on(*runner, {std::move(order), std::move(with)});
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

void in_process_attempts::begin_on(trial_runner& runner, waiting next) {
  const key attempt{next.order.trial, next.order.attempt};
  auto with = std::make_shared<then>(std::move(next.with));
  const auto begun = runner.begin(
    std::move(next.order), passing_on(runner, attempt, [with](attempt_events events) { (*with)(std::move(events)); }));
  if (begun)
    return;
  on_over(runner, attempt); // It was closed meanwhile.
  (*with)(not_run());
}

in_process_attempts::then in_process_attempts::passing_on(trial_runner& runner, key attempt, then with) {
  return [this, &runner, attempt, with = std::move(with)](attempt_events events) {
    if (std::holds_alternative<attempt_over>(events.back()))
      on_over(runner, attempt);
    with(std::move(events));
  };
}

void in_process_attempts::on_over(trial_runner& runner, key attempt) {
  std::unique_lock lock(mutex_);
  running_.erase(attempt);
  if (waiting_.empty()) {
    idle_.push_back(&runner);
    return;
  }
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  running_[{next.order.trial, next.order.attempt}] = &runner;
  lock.unlock();
  begin_on(runner, std::move(next));
}

result<void> in_process_attempts::answer(trial_id trial, attempt_number attempt, attempt_reply reply, then with) {
  trial_runner* runner = nullptr;
  {
    std::lock_guard guard(mutex_);
    if (const auto found = running_.find({trial, attempt}); found != running_.end())
      runner = found->second;
  }
  if (runner == nullptr)
    return fail(errc::not_found, fmt::format("attempt {} of trial {} does not run here", attempt, trial));
  return runner->answer(reply, passing_on(*runner, {trial, attempt}, std::move(with)));
}

void in_process_attempts::close() {
  std::deque<waiting> dropped;
  std::vector<trial_runner*> all;
  {
    std::lock_guard guard(mutex_);
    if (std::exchange(is_closed_, true))
      return;
    dropped.swap(waiting_);
    for (const auto& each : runners_)
      all.push_back(each.get());
  }
  for (auto* each : all)
    each->shut_down([] {});
  for (auto& each : dropped)
    each.with(not_run());
}

} // namespace tune
