#include "tune/controller/controller_core.hpp"

#include <algorithm>

#include <fmt/format.h>

/// The part of the controller that changes how much trials have, where their scheduler does. A trial that is to have
/// another size ends its attempt as for a pause, and the next one asks for a lease of that size. Who does not get the
/// larger one in time, or at all, goes on with what it had. Nothing of that counts against the trial.
namespace tune {

/// One that has saved nothing yet perhaps cannot: it would begin anew.
void controller_core::resize_after_result(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  if (stage_ != stage::running || life.ends || life.is_resized || !to_restore(life))
    return;
  if (resize(trial, life, scheduler::resize_chance::after_result, now, todo))
    life.unwritten = position_; // It is told to save when this is on disk.
}

/// No restart for its own sake.
void controller_core::resize_before_start(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  if (schedule_->changes_resources())
    (void)resize(trial, life, scheduler::resize_chance::before_start, now, todo);
  else if (life.size > 1) // An earlier driver's did.
    write(record::trial_resized{trial, life.iterations, 1, "its scheduler changes no resources any more", now.wall,
                                std::nullopt},
          todo);
}

bool controller_core::resize(trial_id trial, trial_life& life, scheduler::resize_chance when, const moment& now,
                             actions& todo) {
  if (room_.parts.empty() || !schedule_->may_resize(trial, when))
    return false;
  const record::trial_resized::basis from{room_, trials_to_come()};
  auto next = wanted_size(trial, when, from);
  if (next)
    write(record::trial_resized{trial, life.iterations, next->size, std::move(next->reason), now.wall, from}, todo);
  return next.has_value();
}

/// Of what the journal says alone, so that it is the same when that is read again.
std::optional<resizing> controller_core::wanted_size(trial_id trial, scheduler::resize_chance when,
                                                     const record::trial_resized::basis& from) const {
  resource_room room{from.cluster, {}, from.to_come};
  for (const auto& [id, life] : lives_)
    if (life.state != trial_state::paused)
      room.holders.push_back({id, life.size, life.now == phase::none ? std::string() : life.node});
  return schedule_->resize(trial, when, room);
}

/// Of those that may run at once.
std::uint64_t controller_core::trials_to_come() const {
  const auto left = may_create() ? options_.trials - created_ : 0;
  if (options_.max_concurrent_trials == 0)
    return left;
  return std::min<std::uint64_t>(left,
                                 options_.max_concurrent_trials - std::min(options_.max_concurrent_trials, at_work()));
}

/// It was to have more than it declares, and has not come to run.
bool controller_core::was_refused(const trial_life& life) const {
  return life.size > 1 && life.node.empty() && life.last_end->cause == end_cause::stopped;
}

void controller_core::do_without(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  if (stage_ == stage::interrupted)
    return;
  const auto before = life.had_size < life.size ? life.had_size : 1;
  write(record::trial_resized{trial, life.iterations, before,
                              fmt::format("{} instead of {} times its resources: {}", before, life.size,
                                          life.last_end->why),
                              now.wall, std::nullopt},
        todo);
  set_due(trial, life, now.at);
}

// ---- What the records mean.

void controller_core::apply(const record::trial_resized& resized) {
  auto& life = lives_.at(resized.trial);
  life.size = resized.size;
  life.is_resized = life.now != phase::none;
  schedule_->on_resized(resized.trial, resized.size,
                        resized.from ? scheduler::resize_cause::decided : scheduler::resize_cause::refused);
}

result<void> controller_core::replay(const record::trial_resized& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.state == trial_state::paused || past.iteration != found->second.iterations)
    return fail(
      errc::incompatible,
      fmt::format("the journal does not fit: trial {}: it gets other resources as it cannot", past.trial.value));
  if (past.from) {
    const auto when = found->second.now == phase::none ? scheduler::resize_chance::before_start
                                                       : scheduler::resize_chance::after_result;
    const auto again =
      schedule_->may_resize(past.trial, when) ? wanted_size(past.trial, when, *past.from) : std::nullopt;
    if (!again || again->size != past.size)
      ++differences_;
  }
  apply(past);
  return {};
}

} // namespace tune
