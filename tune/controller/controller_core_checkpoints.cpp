#include "tune/controller/controller_core.hpp"

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"

/// The part of the controller that knows where checkpoints are: written by an attempt, perhaps on a node that does not
/// see the storage; on their way; in the storage; dropped. A trial may end before its last one has arrived.
namespace tune {

void controller_core::keep(trial_id trial, trial_life& life, const checkpoint_ref& checkpoint, actions& todo) {
  todo.push_back(keep_checkpoint{trial, checkpoint});
  trim_checkpoints(trial, life.checkpoints, todo);
}

void controller_core::trim_checkpoints(trial_id trial, kept_checkpoints& all, actions& todo) {
  for (auto& each : all.trim(options_.checkpoints_kept))
    drops_.emplace_back(position_, drop_checkpoint{trial, std::move(each)});
  release_drops(todo);
}

/// The one that was restored; meanwhile a newer one may have come to the storage. Of one that was lent its donor finds
/// out by itself.
void controller_core::erase_bad_checkpoint(trial_id trial, trial_life& life, actions& todo) {
  if (life.restored_loan) {
    if (life.borrowed)
      todo.push_back(warn{fmt::format("trial {} cannot go on from the checkpoint of trial {}, and goes on from its own",
                                      trial.value, life.borrowed->what.donor.value)});
    return pay_back(life);
  }
  const auto* bad = life.checkpoints.newest_of(life.restored);
  if (bad == nullptr)
    return;
  drops_.emplace_back(position_ + 1, drop_checkpoint{trial, *bad});
  erase_with_loans(trial, life, *bad);
}

/// What could not be read stays where it is: it may be whole.
void controller_core::restore_older(trial_id trial, trial_life& life, std::chrono::nanoseconds waited,
                                    const moment& now, actions& todo) {
  const bool is_loan = life.restored_loan && life.borrowed;
  const auto* unread = is_loan              ? &life.borrowed->what.checkpoint
                       : life.restored_loan ? nullptr
                                            : life.checkpoints.newest_of(life.restored);
  if (unread == nullptr) // It was lost meanwhile.
    return set_due(trial, life, now.at);
  const auto of = is_loan ? life.borrowed->what.donor : trial;
  const auto what = fmt::format("{} checkpoint of iteration {}, {}, could not be read for {:g} s: {}",
                                is_loan ? fmt::format("trial {}'s", of.value) : std::string("its"), unread->iteration,
                                unread->directory, std::chrono::duration<double>(waited).count(), life.last_end->why);
  write(record::checkpoint_lost{of, unread->iteration, unread->attempt, is_loan ? std::optional(trial) : std::nullopt},
        todo);
  const auto older = to_restore(life);
  if (!older)
    return give_up(trial, what + "; there is no older one", now, todo);
  todo.push_back(warn{fmt::format("trial {} goes on from its checkpoint of iteration {} and repeats what came after "
                                  "it: {}",
                                  trial.value, older->iteration, what)});
  set_due(trial, life, now.at);
}

void controller_core::release_drops(actions& todo) {
  const auto may_drop = [this](journal_position at) {
    return at <= durable_ || runtime::mutated(runtime::mutation::drop_before_disk);
  };
  for (; !drops_.empty() && may_drop(drops_.front().first); drops_.pop_front())
    todo.push_back(std::move(drops_.front().second));
}

kept_checkpoints* controller_core::checkpoints_of(trial_id trial) {
  if (const auto lives = lives_.find(trial); lives != lives_.end())
    return &lives->second.checkpoints;
  const auto ended = arriving_.find(trial);
  return ended == arriving_.end() ? nullptr : &ended->second.checkpoints;
}

void controller_core::forget_if_arrived(trial_id trial) {
  const auto found = arriving_.find(trial);
  if (found != arriving_.end() && !found->second.checkpoints.has_some_on_their_way() &&
      !found->second.checkpoints.has_lent())
    arriving_.erase(found);
}

controller_core::actions controller_core::on_checkpoint_stored(trial_id trial, const checkpoint_ref& checkpoint,
                                                               const moment& now) {
  actions todo;
  auto* all = checkpoints_of(trial);
  if (finished_ || all == nullptr || !checkpoint.in_storage)
    return todo;
  const auto* known = all->find(checkpoint.iteration, checkpoint.attempt);
  const auto* safe = all->newest_in_storage();
  // One that was given up meanwhile for a newer one counts all the same, as long as the trial may need it.
  const bool may_be_needed = lives_.count(trial) != 0 && (safe == nullptr || safe->iteration < checkpoint.iteration);
  const bool is_news = known != nullptr ? !known->in_storage : may_be_needed;
  if (is_news) { // Where it is now, a later driver must know, too.
    const auto before = known == nullptr ? std::nullopt : std::optional(*known);
    write(record::checkpoint_saved{trial, checkpoint}, todo);
    if (before) // A driver that does not find this record looks for it there.
      drops_.emplace_back(position_, drop_checkpoint{trial, *before});
    trim_checkpoints(trial, *all, todo);
    forget_if_arrived(trial);
  }
  fill(now, todo);
  return todo;
}

controller_core::actions controller_core::on_checkpoint_lost(trial_id trial, const checkpoint_ref& checkpoint,
                                                             checkpoint_loss how, const moment& now) {
  actions todo;
  if (finished_)
    return todo;
  bool is_needed = lives_.count(trial) != 0;
  for_each_borrower(trial, checkpoint.iteration, checkpoint.attempt, [&](trial_life&) { is_needed = true; });
  const bool goes_on = is_needed && stage_ == stage::running; // Without it.
  const record::checkpoint_lost lost{trial, checkpoint.iteration, checkpoint.attempt};
  if (how == checkpoint_loss::for_good || goes_on)
    write(lost, todo);
  else // Nobody needs it now; a later driver may find its node again.
    apply(lost);
  forget_if_arrived(trial);
  fill(now, todo);
  return todo;
}

bool controller_core::has_all_arrived(actions& todo) {
  actions left;
  const auto leave = [&left](trial_id trial, const kept_checkpoints& all) {
    for (const auto& each : all.all())
      if (!each.at.in_storage)
        left.emplace_back(leave_checkpoint{trial, each.at});
  };
  for (const auto& [trial, ended] : arriving_)
    leave(trial, ended.checkpoints);
  for (const auto& [trial, life] : lives_) // There are some after an interruption.
    leave(trial, life.checkpoints);
  if (waits_for_checkpoints_ && !left.empty())
    return false;
  todo.insert(todo.end(), left.begin(), left.end());
  return true;
}

} // namespace tune
