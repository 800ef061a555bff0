#include "tune/scheduler/pbt_replay_scheduler.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace tune {

void pbt_replay_scheduler::on_trial_created(trial_id trial, const config& /*values*/) {
  lives_.try_emplace(trial);
}

decision pbt_replay_scheduler::on_result(const scheduler_result& result) {
  const auto found = lives_.find(result.trial);
  if (found == lives_.end())
    return {};
  auto& x = found->second;
  x.iteration = result.iteration;
  x.has_paused = false;
  if (x.next == policy_.steps.size() || result.iteration < policy_.steps[x.next].after)
    return {};
  return {verdict::pause, fmt::format("iteration {}: step {} of the policy", result.iteration, x.next + 1)};
}

iteration_number pbt_replay_scheduler::next_judged(trial_id trial, iteration_number after) const {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return after + 1;
  const auto next = found->second.next;
  if (next == policy_.steps.size())
    return std::numeric_limits<iteration_number>::max();
  return std::max(policy_.steps[next].after, after + 1);
}

void pbt_replay_scheduler::on_trial_end(trial_id trial, trial_state /*how*/) {
  lives_.erase(trial);
}

void pbt_replay_scheduler::on_trial_paused(trial_id trial) {
  if (const auto found = lives_.find(trial); found != lives_.end())
    found->second.has_paused = true;
}

void pbt_replay_scheduler::on_trial_held(trial_id trial) {
  if (const auto found = lives_.find(trial); found != lives_.end())
    found->second.has_paused = false;
}

std::optional<scheduler::resumption> pbt_replay_scheduler::choose_paused() {
  for (auto& [trial, x] : lives_) {
    if (!x.has_paused)
      continue;
    x.has_paused = false;
    const auto next = steps_done(x);
    if (next == x.next)
      return resumption{trial, fmt::format("its turn, after iteration {}", x.iteration)};
    const auto& values = policy_.steps[next - 1].values;
    return resumption{trial,
                      fmt::format("step {} of the policy, after iteration {}: {}", next, x.iteration, to_json(values)),
                      exploit{trial, values}};
  }
  return std::nullopt;
}

/// Only now: where the state at the step was not saved, the step is taken when it is.
void pbt_replay_scheduler::on_exploited(trial_id trial, const exploit& /*with*/) {
  if (const auto found = lives_.find(trial); found != lives_.end())
    found->second.next = steps_done(found->second);
}

std::size_t pbt_replay_scheduler::steps_done(const life& x) const {
  auto next = x.next;
  while (next < policy_.steps.size() && policy_.steps[next].after <= x.iteration)
    ++next;
  return next;
}

} // namespace tune
