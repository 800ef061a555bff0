#include "tune/controller/runner_pool.hpp"

#include <algorithm>

namespace tune {

runner_pool::actions runner_pool::on_order(attempt_key attempt) {
  actions todo;
  if (closed_) {
    todo.push_back(tell_over{attempt, {end_cause::stopped, "the experiment has ended"}});
    return todo;
  }
  waiting_.push_back(attempt);
  spawn_as_needed(todo);
  return todo;
}

void runner_pool::spawn_as_needed(actions& todo) {
  while (!closed_ && coming_ < waiting_.size()) {
    const runner_id id{++last_runner_};
    runners_[id];
    ++coming_;
    todo.push_back(spawn{id});
  }
}

void runner_pool::begin_next(runner_id id, runner& r, actions& todo) {
  r.attempt = waiting_.front();
  waiting_.pop_front();
  running_[r.attempt] = id;
  todo.push_back(begin{id, r.attempt});
}

runner_pool::actions runner_pool::on_alive(runner_id who, runtime::instant now) {
  actions todo;
  const auto found = runners_.find(who);
  if (found == runners_.end() || found->second.is_alive)
    return todo;
  auto& r = found->second;
  r.is_alive = true;
  r.since = now;
  --coming_;
  if (!waiting_.empty() && !r.stops)
    begin_next(who, r, todo);
  else if (!r.stops) {
    r.stops = true;
    todo.push_back(stop{who});
  }
  return todo;
}

runner_pool::actions runner_pool::on_over(runner_id who, runtime::instant now) {
  actions todo;
  const auto found = runners_.find(who);
  if (found == runners_.end() || found->second.attempt.attempt == 0)
    return todo;
  auto& r = found->second;
  running_.erase(r.attempt);
  r.attempt = {};
  if (!waiting_.empty() && !r.stops && now - r.since < options_.slice)
    begin_next(who, r, todo);
  else if (!r.stops) {
    r.stops = true;
    todo.push_back(stop{who});
  }
  return todo;
}

runner_pool::actions runner_pool::on_ended(runner_id who, const attempt_end& why) {
  actions todo;
  const auto found = runners_.find(who);
  if (found == runners_.end())
    return todo;
  const auto r = found->second;
  runners_.erase(found);
  if (r.attempt.attempt != 0) {
    running_.erase(r.attempt);
    todo.push_back(tell_over{r.attempt, why});
  } else if (!r.is_alive) {
    --coming_;
    // Nobody has begun on it; whoever waits longest learns why, so that a program that cannot start does not try for
    // ever. What fits on no node, fits for nobody.
    auto losers = why.cause == end_cause::infeasible ? waiting_.size() : std::min<std::size_t>(1, waiting_.size());
    if (r.stops)
      losers = 0;
    for (; losers > 0; --losers) {
      todo.push_back(tell_over{waiting_.front(), why});
      waiting_.pop_front();
    }
  }
  spawn_as_needed(todo);
  return todo;
}

runner_pool::actions runner_pool::on_kill(attempt_key attempt) {
  actions todo;
  if (const auto waits = std::find(waiting_.begin(), waiting_.end(), attempt); waits != waiting_.end()) {
    waiting_.erase(waits);
    todo.push_back(tell_over{attempt, {end_cause::stopped, "it had not begun"}});
  } else if (const auto runs = running_.find(attempt); runs != running_.end()) {
    runners_.at(runs->second).stops = true;
    todo.push_back(kill{runs->second});
  }
  return todo;
}

runner_pool::actions runner_pool::on_close() {
  actions todo;
  closed_ = true;
  for (const auto& each : waiting_)
    todo.push_back(tell_over{each, {end_cause::stopped, "the experiment has ended"}});
  waiting_.clear();
  for (auto& [id, r] : runners_)
    if (!r.stops || r.attempt.attempt != 0) {
      r.stops = true;
      todo.push_back(kill{id});
    }
  return todo;
}

} // namespace tune
