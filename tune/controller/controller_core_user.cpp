#include "tune/controller/controller_core.hpp"

#include <algorithm>

#include <fmt/format.h>

/// The part of the controller that does what the user wants of single trials.
namespace tune {

/// Null is never returned.
result<trial_life*> controller_core::life_for_user(trial_id trial) {
  if (finished_ || stage_ == stage::stopping || stage_ == stage::interrupted)
    return fail(errc::refused,
                fmt::format("the experiment {}: {}", finished_ ? "has ended" : "is ending", end_reason_));
  if (trial.value == 0 || trial.value > created_)
    return fail(errc::not_found, fmt::format("there is no trial {}; so far there are {}", trial.value, created_));
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return fail(errc::refused, fmt::format("trial {} has ended", trial.value));
  auto& life = found->second;
  if (life.ends && has_ended(life.ends->state))
    return fail(errc::refused, fmt::format("trial {} is ending: {}", trial.value, life.ends->why));
  return &life;
}

result<controller_core::actions> controller_core::on_stop_trial(trial_id trial, const std::string& why,
                                                                const moment& now) {
  return life_for_user(trial).map([&](trial_life* life) {
    actions todo;
    if (life->now != phase::none)
      write(record::trial_ordered{trial, trial_state::stopped, why, now.wall}, todo);
    switch (life->now) {
    case phase::none: become(trial, {trial_state::stopped, why, /*by_user=*/true}, now, todo); break;
    case phase::waits:
      life->killed_as = end_cause::stopped;
      kill(trial, *life, why, now, todo);
      break;
    case phase::steps: set_due(trial, *life, std::min(life->due.value_or(end_by(now)), end_by(now))); break;
    case phase::answered: // With the answer,
    case phase::leaves:   // or it is on its way out.
    case phase::killed: break;
    }
    fill(now, todo);
    return todo;
  });
}

result<controller_core::actions> controller_core::on_pause_trial(trial_id trial, const std::string& why,
                                                                 const moment& now) {
  return life_for_user(trial).map([&](trial_life* life) {
    actions todo;
    if (life->is_held)
      return todo;
    if (life->now == phase::none)
      become(trial, {trial_state::paused, why, /*by_user=*/true}, now, todo);
    else
      write(record::trial_ordered{trial, trial_state::paused, why, now.wall}, todo);
    if (life->now == phase::waits) {
      life->killed_as = end_cause::paused;
      kill(trial, *life, why, now, todo);
    }
    fill(now, todo);
    return todo;
  });
}

result<controller_core::actions> controller_core::on_resume_trial(trial_id trial, const std::string& why,
                                                                  const moment& now) {
  return life_for_user(trial).and_then([&](trial_life* life) -> result<actions> {
    actions todo;
    if (life->ends && life->now == phase::steps) {
      write(record::trial_ordered{trial, trial_state::running, why, now.wall}, todo); // It was not told to pause yet.
      return todo;
    }
    if (life->ends)
      return fail(errc::refused, fmt::format("trial {} has not paused yet", trial.value));
    if (life->state != trial_state::paused)
      return fail(errc::refused, fmt::format("trial {} is {}, not paused", trial.value, to_string(life->state)));
    become(trial, {trial_state::pending, why, /*by_user=*/true}, now, todo);
    set_due(trial, *life, now.at);
    fill(now, todo);
    return todo;
  });
}

controller_core::actions controller_core::on_awaited(const moment& now) {
  actions todo;
  is_awaited_ = true;
  finish_if_done(now, todo);
  return todo;
}

} // namespace tune
