#include "tune/controller/controller_core.hpp"

#include <utility>

#include "runtime/base/invariant.hpp"

/// The part of the controller that hears what an attempt told when its driver was gone.
namespace tune {
namespace {

/// Its worker was told to end because nobody was there; whatever the trial was to become, the journal says.
bool ended_for_want_of_driver(const attempt_end& end) {
  return end.cause == end_cause::stopped || end.cause == end_cause::paused;
}

} // namespace

void controller_core::on_unheard(trial_id trial, attempt_number attempt, attempt_events events) {
  CAF_TUNE_INVARIANT(stage_ == stage::replaying, "what was not heard comes before the beginning");
  unheard_[trial] = {attempt, std::move(events)};
}

/// As from a worker, except that nothing is answered. What the journal has counted already only adds its checkpoint, if
/// that is newer than all it knows; where an iteration is missing, nothing behind it counts.
void controller_core::hear_unheard(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  const auto found = unheard_.find(trial);
  if (found == unheard_.end())
    return;
  const auto [attempt, events] = std::move(found->second);
  unheard_.erase(found);
  if (life.now == phase::none || attempt != life.attempts)
    return;
  if (!life.node.empty())
    life.now = phase::steps;
  for (const auto& event : events) {
    if (const auto* alive = std::get_if<attempt_alive>(&event)) {
      hear(trial, attempt, *alive, now, todo);
    } else if (auto report = event; auto* told = std::get_if<attempt_report>(&report)) {
      if (told->iteration > life.iterations + 1)
        return;
      const auto* newest = life.checkpoints.newest();
      if (told->iteration <= life.iterations && newest != nullptr && newest->iteration >= told->iteration)
        told->checkpoint.reset(); // It is known, or was dropped.
      hear(trial, attempt, *told, now, todo);
    } else {
      auto over = std::get<attempt_over>(event);
      if (ended_for_want_of_driver(over.end))
        over.end = {end_cause::driver_lost, "the driver ended"};
      return hear(trial, attempt, over, now, todo);
    }
  }
}

} // namespace tune
