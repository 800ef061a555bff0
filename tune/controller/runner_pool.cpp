#include "tune/controller/runner_pool.hpp"

#include <algorithm>

namespace tune {

runner_pool::actions runner_pool::on_order(attempt_key attempt, place_wish where) {
  actions todo;
  if (closed_) {
    todo.push_back(tell_over{attempt, {end_cause::stopped, "the experiment has ended"}});
    return todo;
  }
  waiting_.push_back({attempt, std::move(where)});
  spawn_as_needed(todo);
  return todo;
}

void runner_pool::spawn_as_needed(actions& todo) {
  while (!closed_ && coming_ < waiting_.size()) {
    const runner_id id{++last_runner_};
    const auto& where = waiting_[coming_].where; // As many come as wait before it.
    runners_[id].asked_to_avoid = where.avoid_node;
    ++coming_;
    todo.push_back(spawn{id, where});
  }
}

/// The oldest that may run there; what avoids the node runs there only on a runner that was to be elsewhere.
std::deque<runner_pool::order>::iterator runner_pool::next_for(const runner& r) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const order& each) {
    const auto& avoided = each.where.avoid_node;
    return avoided.empty() || avoided != r.node || avoided == r.asked_to_avoid;
  });
}

void runner_pool::begin_next(runner_id id, runner& r, std::deque<order>::iterator next, actions& todo) {
  r.attempt = next->attempt;
  r.asked_to_avoid.clear();
  waiting_.erase(next);
  running_[r.attempt] = id;
  todo.push_back(begin{id, r.attempt});
}

runner_pool::actions runner_pool::on_alive(runner_id who, std::string node, runtime::instant now) {
  actions todo;
  const auto found = runners_.find(who);
  if (found == runners_.end() || found->second.is_alive)
    return todo;
  auto& r = found->second;
  r.is_alive = true;
  r.node = std::move(node);
  r.since = now;
  --coming_;
  go_on(who, r, /*may_begin=*/true, todo);
  spawn_as_needed(todo); // It may be on a node that all avoid that wait.
  return todo;
}

void runner_pool::go_on(runner_id who, runner& r, bool may_begin, actions& todo) {
  if (r.stops)
    return;
  const auto next = next_for(r);
  if (may_begin && next != waiting_.end())
    return begin_next(who, r, next, todo);
  r.stops = true;
  todo.push_back(stop{who});
}

runner_pool::actions runner_pool::on_over(runner_id who, runtime::instant now) {
  actions todo;
  const auto found = runners_.find(who);
  if (found == runners_.end() || found->second.attempt.attempt == 0)
    return todo;
  auto& r = found->second;
  running_.erase(r.attempt);
  r.attempt = {};
  go_on(who, r, now - r.since < options_.slice, todo);
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
      todo.push_back(tell_over{waiting_.front().attempt, why});
      waiting_.pop_front();
    }
  }
  spawn_as_needed(todo);
  return todo;
}

runner_pool::actions runner_pool::on_kill(attempt_key attempt) {
  actions todo;
  const auto waits =
    std::find_if(waiting_.begin(), waiting_.end(), [&](const order& each) { return each.attempt == attempt; });
  if (waits != waiting_.end()) {
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
    todo.push_back(tell_over{each.attempt, {end_cause::stopped, "the experiment has ended"}});
  waiting_.clear();
  for (auto& [id, r] : runners_)
    if (!r.stops || r.attempt.attempt != 0) {
      r.stops = true;
      todo.push_back(kill{id});
    }
  return todo;
}

} // namespace tune
