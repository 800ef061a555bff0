#include "tune/controller/controller_core.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tune/results/experiment_description.hpp"

/// The part of the controller that says what a record means: when it is written, and when it is read again.
namespace tune {
namespace {

/// For a record that does not fit to those before it: the journal is of another program, or not whole.
auto does_not_fit(trial_id trial, const char* what) {
  return fail(errc::incompatible, fmt::format("the journal does not fit: trial {}: {}", trial.value, what));
}

/// What was dropped then is gone, however many are kept now.
std::optional<std::size_t> kept_by(const std::string& description) {
  if (description.empty())
    return std::nullopt;
  const auto read = read_description(description);
  return read ? std::optional(read->checkpoints_kept) : std::nullopt;
}

trial_outcome outcome_of(trial_state how, const trial_life& life) {
  if (life.first_values) // What it came to is not what came of the values that were proposed.
    return trial_outcome::ignored;
  if (how == trial_state::terminated)
    return trial_outcome::completed;
  if (how == trial_state::stopped)
    return trial_outcome::stopped;
  const bool own_error = life.last_end && is_users_error(life.last_end->cause);
  return own_error ? trial_outcome::failed : trial_outcome::ignored;
}

} // namespace

// ---- Deciding.

std::vector<double> controller_core::losses_of(const metrics& values) const {
  std::vector<double> losses;
  for (const auto& each : options_.objectives) {
    const auto* x = values.find(each.metric);
    losses.push_back(x == nullptr ? std::nan("") : to_loss(x->to_number(), each.better));
  }
  return losses;
}

void controller_core::decide(record::result_reported& counted, const std::function<bool()>& yields) {
  const auto losses = losses_of(counted.values);
  counted.decided = schedule_->on_result({counted.trial, counted.iteration, losses.front()});
  if (counted.decided.what == verdict::yield) {
    const bool does = yields();
    counted.decided.what = does ? verdict::pause : verdict::go_on;
    if (does)
      counted.decided.reason += "; another trial waits for its place";
  }
  const auto most = schedule_->max_iterations();
  const auto stop_with = [&](std::string why) {
    counted.decided = {verdict::stop, std::move(why)};
    counted.becomes = trial_state::terminated;
  };
  if (counted.done)
    stop_with("the trainable is done");
  else if (most && counted.iteration >= *most)
    stop_with(fmt::format("it has done its {} iterations", *most));
  else if (auto why = reached(options_.stop, counted.values, counted.iteration, counted.time_this_iteration_s,
                              counted.time_total_s))
    stop_with(std::move(*why));
  else if (counted.decided.what == verdict::stop)
    counted.becomes = trial_state::stopped;
  else if (counted.decided.what == verdict::pause)
    counted.becomes = trial_state::paused;
}

// ---- What a record means.

void controller_core::apply(const record::trial_created& made) {
  created_ = std::max(created_, made.trial.value);
  auto& life = lives_[made.trial];
  life.values = made.values;
  life.created = made.at;
  search_->on_created(made.trial, made.values);
  schedule_->on_trial_created(made.trial, made.values);
}

void controller_core::apply(const record::attempt_started& started) {
  auto& life = lives_.at(started.trial);
  life.attempts = started.attempt;
  life.restored = started.from;
  life.restored_loan = static_cast<bool>(started.of);
  life.node.clear();
  life.time_before_s = life.restored_loan && life.borrowed ? life.borrowed->time_total_s
                       : life.checkpoints.empty()          ? 0
                                                           : life.checkpoints.all().back().result.time_total_s;
  life.state = trial_state::pending;
  life.now = phase::waits;
  life.last_end.reset();
  life.is_resized = false;
  ++attempts_;
}

void controller_core::apply(const record::attempt_placed& placed) {
  auto& life = lives_.at(placed.trial);
  life.state = trial_state::running;
  life.node = placed.node;
  life.had_size = life.size;
  any_placed_ = true;
}

void controller_core::apply(const record::result_reported& counted) {
  auto& life = lives_.at(counted.trial);
  life.iterations = counted.iteration;
  life.time_total_s = counted.time_total_s;
  life.losses = losses_of(counted.values);
  life.budget.on_progress();
  if (counted.checkpoint)
    life.checkpoints.count(*counted.checkpoint, {life.losses.front(), life.time_total_s});
  pay_back_if_it_can(life);
  if (counted.becomes != trial_state::running &&
      (!life.ends || (life.ends->by_user && has_ended(counted.becomes)))) // It has ended before it was told to.
    life.ends = {counted.becomes, counted.decided.reason, /*by_user=*/false};
  ++results_;
  if (!life.first_values) // Else the result is not one of what the searcher proposed.
    search_->on_report(counted.trial, counted.iteration, life.losses);
}

void controller_core::apply(const record::checkpoint_saved& saved) {
  const auto life = lives_.find(saved.trial);
  checkpoint_result newest{std::nan(""), 0};
  if (life != lives_.end() && !life->second.losses.empty())
    newest = {life->second.losses.front(), life->second.time_total_s};
  if (auto* all = checkpoints_of(saved.trial))
    all->count(saved.checkpoint, saved.result.value_or(newest));
  if (life != lives_.end())
    pay_back_if_it_can(life->second);
  for_each_borrower(saved.trial, saved.checkpoint.iteration, saved.checkpoint.attempt,
                    [&](trial_life& borrower) { borrower.borrowed->what.checkpoint = saved.checkpoint; });
}

void controller_core::apply(const record::checkpoint_lost& lost) {
  if (lost.borrower) { // Its donor, and whoever else has it lent, find out for themselves.
    auto& borrower = lives_.at(*lost.borrower);
    borrower.budget.on_older_restored();
    return pay_back(borrower);
  }
  if (const auto life = lives_.find(lost.trial); life != lives_.end() && life->second.restored == lost.iteration)
    life->second.budget.on_older_restored();
  for_each_borrower(lost.trial, lost.iteration, lost.attempt, [&](trial_life& borrower) {
    if (borrower.restored_loan)
      borrower.budget.on_older_restored();
    pay_back(borrower);
  });
  if (auto* all = checkpoints_of(lost.trial))
    all->erase(lost.iteration, lost.attempt);
}

void controller_core::apply(const record::attempt_ended& ended) {
  auto& life = lives_.at(ended.trial);
  if (life.now != phase::none)
    --attempts_;
  life.now = phase::none;
  life.is_resized = false;
  if (!life.ends && ended.end.cause != end_cause::finished)
    life.state = trial_state::pending; // Unless it is given up, which is told next.
  life.last_end = ended.end;
  life.budget.on_end(ended.end.cause);
  // A sick node may be behind an error of the user's, too.
  if (!life.node.empty() && (is_loss(ended.end.cause) || is_users_error(ended.end.cause)))
    life.failed_node = life.node;
}

void controller_core::apply(const record::trial_changed& changed) {
  auto& life = lives_.at(changed.trial);
  if (life.state == trial_state::paused)
    --paused_;
  if (life.is_held)
    --held_trials_;
  life.state = changed.state;
  life.ends.reset();
  life.is_held = changed.state == trial_state::paused && changed.by_user;
  if (changed.state == trial_state::paused)
    ++paused_;
  if (life.is_held)
    ++held_trials_;
  if (changed.by_user && !has_ended(changed.state))
    schedule_->on_trial_held(changed.trial);
  else if (changed.state == trial_state::paused) {
    schedule_->on_trial_paused(changed.trial);
    if (!life.first_values)
      search_->on_paused(changed.trial);
  }
  if (changed.state == trial_state::pending || changed.state == trial_state::paused)
    life.last_end.reset();
  if (!has_ended(changed.state))
    return;
  ++ended_[changed.state];
  pay_back(life);
  schedule_->on_trial_end(changed.trial, changed.state);
  search_->on_end(changed.trial, outcome_of(changed.state, life), life.losses);
  if (life.checkpoints.has_some_on_their_way() || life.checkpoints.has_lent())
    arriving_[changed.trial] = {life.created_with(), life.created, std::move(life.checkpoints)};
  lives_.erase(changed.trial); // Its results are in the journal: memory does not grow with what has ended.
}

void controller_core::apply(const record::trial_ordered& ordered) {
  auto& life = lives_.at(ordered.trial);
  if (ordered.becomes == trial_state::running)
    life.ends.reset();
  else
    life.ends = {ordered.becomes, ordered.reason, /*by_user=*/true};
}

void controller_core::apply(const record::trial_exploited& exploited) {
  auto& life = lives_.at(exploited.trial);
  --paused_;
  life.state = trial_state::pending;
  life.ends.reset();
  life.last_end.reset();
  if (!life.first_values)
    life.first_values = std::move(life.values);
  life.values = exploited.values;
  borrow(life, exploited);
  schedule_->on_exploited(exploited.trial, {exploited.donor, exploited.values});
}

// ---- Reading again.

result<void> controller_core::on_replay(const journal_record& past) {
  CAF_TUNE_INVARIANT(stage_ == stage::replaying, "a replay comes first");
  ++position_;
  if (!has_begun_ && !std::holds_alternative<record::experiment_begun>(past))
    return fail(errc::incompatible, "the journal does not fit: it has no beginning");
  auto read = std::visit([this](const auto& each) { return replay(each); }, past);
  for (const auto donor : std::exchange(paid_back_, {})) {
    if (auto* all = checkpoints_of(donor))
      (void)all->trim(kept_then_);
    forget_if_arrived(donor);
  }
  return read;
}

result<void> controller_core::replay(const record::experiment_begun& past) {
  if (has_begun_)
    return fail(errc::incompatible, "the journal does not fit: it begins twice");
  has_begun_ = true;
  options_.id = past.id;
  options_.seed = past.seed;
  kept_then_ = kept_by(past.description).value_or(options_.checkpoints_kept);
  return {};
}

result<void> controller_core::replay(const record::experiment_resumed& past) {
  if (!past.description.empty())
    kept_then_ = kept_by(past.description).value_or(kept_then_);
  return {};
}

result<void> controller_core::replay(const record::experiment_ended&) {
  return {};
}

result<void> controller_core::replay(const record::trial_created& past) {
  if (past.trial.value != created_ + 1)
    return does_not_fit(past.trial, "it is created out of order");
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::attempt_started& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.now != phase::none || past.attempt != found->second.attempts + 1)
    return does_not_fit(past.trial, "an attempt starts that cannot");
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::attempt_placed& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.now == phase::none || past.attempt != found->second.attempts)
    return does_not_fit(past.trial, "an attempt runs that has not started");
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::result_reported& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || past.attempt != found->second.attempts || past.iteration != found->second.iterations + 1)
    return does_not_fit(past.trial, "a result is out of order");
  auto again = past;
  again.becomes = trial_state::running;
  decide(again, [&] { return past.decided.what == verdict::pause; }); // The scheduler hears it; what was decided holds.
  if (again.becomes != past.becomes)
    ++differences_;
  apply(past);
  if (past.checkpoint) // As it was done then: what is dropped is gone.
    (void)lives_.at(past.trial).checkpoints.trim(kept_then_);
  return {};
}

result<void> controller_core::replay(const record::checkpoint_saved& past) {
  if (past.trial.value > created_)
    return does_not_fit(past.trial, "a checkpoint of a trial that is not there");
  apply(past);
  if (auto* all = checkpoints_of(past.trial))
    (void)all->trim(kept_then_);
  forget_if_arrived(past.trial);
  return {};
}

result<void> controller_core::replay(const record::checkpoint_lost& past) {
  if (past.trial.value > created_)
    return does_not_fit(past.trial, "a checkpoint is lost of a trial that is not there");
  if (past.borrower && (lives_.count(*past.borrower) == 0 || !lives_.at(*past.borrower).borrowed))
    return does_not_fit(*past.borrower, "it loses a checkpoint that was not lent to it");
  apply(past);
  forget_if_arrived(past.trial);
  return {};
}

result<void> controller_core::replay(const record::attempt_ended& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || past.attempt != found->second.attempts || found->second.now == phase::none)
    return does_not_fit(past.trial, "an attempt ends that does not run");
  if (past.end.cause == end_cause::bad_checkpoint) {
    auto& life = found->second;
    if (life.restored_loan)
      pay_back(life);
    else if (const auto* bad = life.checkpoints.newest_of(life.restored))
      erase_with_loans(past.trial, life, *bad);
  }
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::trial_changed& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || !may_follow(found->second.state, past.state))
    return does_not_fit(past.trial, "it changes as it cannot");
  if (found->second.state == trial_state::paused && past.state == trial_state::pending && !past.by_user) {
    const auto again = schedule_->choose_paused();
    if (!again || again->trial != past.trial)
      ++differences_;
  }
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::trial_ordered& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.now == phase::none)
    return does_not_fit(past.trial, "an attempt is to end that does not run");
  apply(past);
  return {};
}

result<void> controller_core::replay(const record::trial_exploited& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.state != trial_state::paused || found->second.is_held ||
      past.iteration != found->second.iterations || past.donor.value == 0 || past.donor.value > created_)
    return does_not_fit(past.trial, "it goes on from another one as it cannot");
  const auto again = schedule_->choose_paused();
  if (!again || again->trial != past.trial || !again->with || again->with->donor != past.donor ||
      again->with->values != past.values)
    ++differences_;
  apply(past);
  return {};
}

} // namespace tune
