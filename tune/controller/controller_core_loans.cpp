#include "tune/controller/controller_core.hpp"

#include <utility>

#include "runtime/base/mutation.hpp"

/// The part of the controller that knows which checkpoints are lent: a trial that has exploited another one goes on
/// from that one's, which stays until the trial has a newer one of its own in the storage, ends, or exploits again.
namespace tune {

/// The donor's newest, if that is of its present values; where a trial goes on from its own, of what it has done.
const checkpoint_ref* controller_core::lendable(trial_id donor, trial_id to) const {
  const auto found = lives_.find(donor);
  if (found == lives_.end())
    return nullptr;
  const auto* newest = found->second.checkpoints.newest();
  if (donor == to && newest != nullptr && newest->iteration < found->second.iterations)
    return nullptr;
  return newest != nullptr && newest->iteration > found->second.changed_at ? newest : nullptr;
}

/// What is lent to it goes before its own of earlier values.
std::optional<checkpoint_ref> controller_core::to_restore(const trial_life& life) const {
  const auto* newest = life.checkpoints.newest();
  if (newest != nullptr && runtime::mutated(runtime::mutation::forget_newest_checkpoint))
    newest = &life.checkpoints.all().front().at;
  if (life.borrowed && (newest == nullptr || newest->iteration <= life.borrowed->at))
    return life.borrowed->what.checkpoint;
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

void controller_core::borrow(trial_life& life, const record::trial_exploited& exploited) {
  if (exploited.donor == exploited.trial)
    return;
  pay_back(life);
  life.changed_at = exploited.iteration;
  life.checkpoints.become_old();
  life.borrowed = trial_life::loan{{exploited.donor, exploited.checkpoint}, exploited.iteration, life.time_total_s};
  ++borrowers_;
  if (auto* all = checkpoints_of(exploited.donor))
    all->lend(exploited.checkpoint.iteration, exploited.checkpoint.attempt);
}

void controller_core::pay_back(trial_life& life) {
  if (!life.borrowed)
    return;
  const auto what = std::move(life.borrowed->what);
  life.borrowed.reset();
  --borrowers_;
  if (auto* all = checkpoints_of(what.donor))
    all->take_back(what.checkpoint.iteration, what.checkpoint.attempt);
  paid_back_.push_back(what.donor);
}

void controller_core::pay_back_if_it_can(trial_life& life) {
  if (!life.borrowed)
    return;
  const auto* safe = life.checkpoints.newest_in_storage();
  if (safe != nullptr && safe->iteration > life.borrowed->at)
    pay_back(life);
}

void controller_core::for_each_borrower(trial_id donor, iteration_number iteration, attempt_number attempt,
                                        const std::function<void(trial_life&)>& what) {
  if (borrowers_ == 0)
    return;
  for (auto& [trial, life] : lives_)
    if (life.borrowed && life.borrowed->what.donor == donor && life.borrowed->what.checkpoint.iteration == iteration &&
        life.borrowed->what.checkpoint.attempt == attempt)
      what(life);
}

/// Whoever has not gone on from it yet goes on from its own.
void controller_core::erase_with_loans(trial_id trial, trial_life& life, const checkpoint_ref& bad) {
  const auto [iteration, attempt] = std::pair(bad.iteration, bad.attempt);
  for_each_borrower(trial, iteration, attempt, [this](trial_life& borrower) { pay_back(borrower); });
  life.checkpoints.erase(iteration, attempt);
}

/// What stayed only because it was lent.
void controller_core::drop_what_was_lent(actions& todo) {
  for (const auto donor : std::exchange(paid_back_, {})) {
    if (auto* all = checkpoints_of(donor))
      trim_checkpoints(donor, *all, todo);
    forget_if_arrived(donor);
  }
}

} // namespace tune
