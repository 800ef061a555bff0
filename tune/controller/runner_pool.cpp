#include "tune/controller/runner_pool.hpp"

#include <algorithm>

namespace tune {

runner_pool::actions runner_pool::on_order(attempt_key attempt, place_wish where) {
  actions todo;
  if (closed_) {
    todo.push_back(tell_over{attempt, {end_cause::stopped, "the experiment has ended"}});
    return todo;
  }
  ++tallies_[where.size].waiting;
  waiting_.push_back({attempt, std::move(where)});
  spawn_as_needed(todo);
  return todo;
}

/// As many come as wait before it.
const place_wish& runner_pool::first_without_runner(trial_size size, const tally& of) const {
  auto behind = of.waiting - of.coming;
  auto each = waiting_.rbegin();
  for (;; ++each)
    if (each->where.size == size && --behind == 0)
      return each->where;
}

void runner_pool::spawn_as_needed(actions& todo) {
  for (auto& [size, of] : tallies_)
    while (!closed_ && of.coming < of.waiting) {
      const runner_id id{++last_runner_};
      const auto& where = first_without_runner(size, of);
      auto& born = runners_[id];
      born.asked_to_avoid = where.avoid_node;
      born.size = size;
      ++of.coming;
      todo.push_back(spawn{id, where});
    }
}

std::deque<runner_pool::order>::iterator runner_pool::find_waiting(attempt_key attempt) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const order& each) { return each.attempt == attempt; });
}

std::deque<runner_pool::order>::iterator runner_pool::oldest_of(trial_size size) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const order& each) { return each.where.size == size; });
}

void runner_pool::forget_waiting(std::deque<order>::iterator which) {
  --tallies_[which->where.size].waiting;
  waiting_.erase(which);
}

/// A runner that comes for it is left for the next, unless it asks for more than most attempts do: it would keep that
/// from others.
void runner_pool::take_back(std::deque<order>::iterator which, const std::string& why, actions& todo) {
  const auto size = which->where.size;
  todo.push_back(tell_over{which->attempt, {end_cause::stopped, why}});
  forget_waiting(which);
  if (size == 1 || tallies_[size].coming <= tallies_[size].waiting)
    return;
  const auto surplus = std::find_if(runners_.rbegin(), runners_.rend(), [&](const auto& each) {
    return each.second.size == size && !each.second.is_alive && !each.second.stops;
  });
  if (surplus == runners_.rend())
    return;
  surplus->second.stops = true;
  todo.push_back(kill{surplus->first});
}

/// The oldest that may run there; what avoids the node runs there only on a runner that was to be elsewhere.
std::deque<runner_pool::order>::iterator runner_pool::next_for(const runner& r) {
  return std::find_if(waiting_.begin(), waiting_.end(), [&](const order& each) {
    const auto& avoided = each.where.avoid_node;
    return each.where.size == r.size && (avoided.empty() || avoided != r.node || avoided == r.asked_to_avoid);
  });
}

void runner_pool::begin_next(runner_id id, runner& r, std::deque<order>::iterator next, actions& todo) {
  r.attempt = next->attempt;
  r.asked_to_avoid.clear();
  forget_waiting(next);
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
  --tallies_[r.size].coming;
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
    --tallies_[r.size].coming;
    // Nobody has begun on it; whoever waits longest learns why, so that a program that cannot start does not try for
    // ever. What fits on no node, fits for nobody of that size.
    const auto waiting = tallies_[r.size].waiting;
    auto losers = why.cause == end_cause::infeasible ? waiting : std::min<std::size_t>(1, waiting);
    if (r.stops)
      losers = 0;
    for (; losers > 0; --losers) {
      const auto oldest = oldest_of(r.size);
      todo.push_back(tell_over{oldest->attempt, why});
      forget_waiting(oldest);
    }
  }
  spawn_as_needed(todo);
  return todo;
}

runner_pool::actions runner_pool::on_kill(attempt_key attempt) {
  actions todo;
  if (const auto waits = find_waiting(attempt); waits != waiting_.end()) {
    take_back(waits, "it had not begun", todo);
  } else if (const auto runs = running_.find(attempt); runs != running_.end()) {
    runners_.at(runs->second).stops = true;
    todo.push_back(kill{runs->second});
  }
  return todo;
}

runner_pool::actions runner_pool::on_withdraw(attempt_key attempt, const std::string& why) {
  actions todo;
  if (const auto waits = find_waiting(attempt); waits != waiting_.end())
    take_back(waits, why, todo);
  return todo;
}

runner_pool::actions runner_pool::on_close() {
  actions todo;
  closed_ = true;
  for (const auto& each : waiting_)
    todo.push_back(tell_over{each.attempt, {end_cause::stopped, "the experiment has ended"}});
  waiting_.clear();
  for (auto& each : tallies_)
    each.second.waiting = 0;
  for (auto& [id, r] : runners_)
    if (!r.stops || r.attempt.attempt != 0) {
      r.stops = true;
      todo.push_back(kill{id});
    }
  return todo;
}

} // namespace tune
