#include "tune/controller/controller_core.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

/// The part of the controller that keeps the cluster busy: which trials are created and started, and when all is over.
namespace tune {
namespace {
constexpr std::size_t most_ahead = 256; // More make the threads no busier.
/// More that wait keep no place busier, as a driver starts no more in a third of a second; but each of them costs some
/// kilobytes, here and in the head's queue.
constexpr std::size_t most_waiting = 1'024;
/// The actions that follow from one event are in memory together, with their records. The rest is created when these
/// are on disk.
constexpr std::size_t most_created_at_once = 1'024;
constexpr std::chrono::milliseconds checkpoint_patience{50}; // Between two looks whether a checkpoint has arrived,
constexpr std::chrono::milliseconds place_patience{50};      // and whether another attempt has ended.
} // namespace

void controller_core::start(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  if (!has_place_for_attempt())
    return set_due(trial, life, now.at + place_patience);
  auto restore = to_restore(life);
  std::optional<lent_checkpoint> lent;
  if (restore && life.borrowed && *restore == life.borrowed->what.checkpoint)
    lent = life.borrowed->what;
  if (restore && !restore->in_storage) { // It is on its way there, or it is found out that it is lost.
    todo.push_back(hurry_checkpoint{lent ? lent->donor : trial, *restore});
    return set_due(trial, life, now.at + checkpoint_patience);
  }
  if (restore)
    resize_before_start(trial, life, now, todo);
  if (lent)
    restore->iteration = life.borrowed->at;
  const auto position = write(record::attempt_started{trial, life.attempts + 1, restore ? restore->iteration : 0,
                                                      now.wall, lent ? lent->donor : trial_id()},
                              todo);
  if (options_.told_at_once) // On a thread of this process: it cannot outlive its driver, and need not wait.
    std::get<append>(todo.back()).haste = record_haste::none;
  life.starts_at = options_.told_at_once ? durable_ : position;
  enter(trial, life, phase::waits, now);
  life.killed_because.clear();
  life.told = restore ? restore->iteration : 0;
  life.free_until = free_until(trial, life);
  starts_.emplace_back(life.starts_at,
                       start_attempt{trial, life.attempts, life.values, life.created_with(), life.created, restore,
                                     lent, life.time_before_s,
                                     place_wish{life.failed_node, any_placed_ && life.size == 1, life.size},
                                     life.free_until});
  release_starts(todo);
}

/// One that was to end before it has begun begins all the same: its end is told like any other's.
void controller_core::release_starts(actions& todo) {
  const auto may_start = [this](journal_position at) {
    return at <= durable_ || runtime::mutated(runtime::mutation::start_before_disk);
  };
  for (; !starts_.empty() && may_start(starts_.front().first); starts_.pop_front()) {
    auto& next = starts_.front().second;
    const auto* life = life_of(next.trial, next.attempt);
    if (life == nullptr)
      continue;
    const kill_attempt end{next.trial, next.attempt, life->killed_because};
    todo.push_back(std::move(next));
    if (life->now == phase::killed)
      todo.push_back(end);
  }
}

std::size_t controller_core::at_work() const {
  return lives_.size() - paused_;
}

/// As many as the cluster holds, and some that wait already when a place becomes free: few of them where the searcher
/// learns, as what they will be is decided without the results that come until then. On threads of this process, where
/// they may be short, as many as have ended lately, so that their threads and this one need not wait for each other.
std::size_t controller_core::wanted_at_once(const moment& now) {
  const auto holds = std::max<std::size_t>(capacity_, 1);
  const bool learns = search_->abilities().learns;
  auto ahead = std::min(learns ? 1 + holds / 10 : std::max<std::size_t>(2, holds), most_waiting);
  if (options_.told_at_once && !learns)
    ahead = std::max(ahead, std::min(ends_.in_last_window(now.at), most_ahead));
  const auto wanted = holds + ahead;
  return options_.max_concurrent_trials == 0 ? wanted : std::min(wanted, options_.max_concurrent_trials);
}

bool controller_core::may_create() const {
  return !exhausted_ && created_ < options_.trials;
}

void controller_core::fill(const moment& now, actions& todo) {
  if (stage_ == stage::running && may_begin_more()) {
    const auto wanted = wanted_at_once(now);
    end_lost(now, todo);
    auto may_be_created = most_created_at_once;
    const auto create_some = [&] {
      while (at_work() < wanted && may_be_created > 0 && may_create() && !waits_for_results_) {
        const auto before = created_;
        if (!create(std::min(wanted - at_work(), may_be_created), now, todo))
          break;
        may_be_created -= std::min<std::size_t>(created_ - before, may_be_created);
      }
    };
    if (schedule_->creates_first())
      create_some();
    while (at_work() < wanted && may_be_created > 0 && bring_back_paused(now, todo)) {}
    create_some();
    start_due(now, todo);
  }
  finish_if_done(now, todo);
}

/// Not before it is known what the cluster holds.
bool controller_core::may_begin_more() const {
  return capacity_ > 0 && !is_far_ahead_of_disk();
}

/// Short trials on threads of this process wait for no answer: here it is that they wait for the disk.
bool controller_core::is_far_ahead_of_disk() const {
  return position_ - durable_ > options_.most_unwritten;
}

/// Due ones are started here too, so that nothing waits for a timer of zero.
void controller_core::start_due(const moment& now, actions& todo) {
  while (!due_.empty() && due_.begin()->first <= now.at && lives_.at(due_.begin()->second).now == phase::none) {
    const auto trial = due_.begin()->second;
    auto& life = lives_.at(trial);
    set_due(trial, life, std::nullopt);
    on_due(trial, life, now.at, now, todo);
  }
}

/// One that its user has had go on may be one more than there may be at once.
bool controller_core::has_place_for_attempt() const {
  return options_.max_concurrent_trials == 0 || attempts_ < options_.max_concurrent_trials;
}

bool controller_core::create(std::size_t most, const moment& now, actions& todo) {
  most = static_cast<std::size_t>(std::min<std::uint64_t>(most, options_.trials - created_));
  std::vector<trial_id> numbers;
  for (std::size_t i = 1; i <= most; ++i)
    numbers.emplace_back(created_ + i);
  auto answered = search_->ask(numbers);
  exhausted_ = answered.how == ask_outcome::exhausted;
  waits_for_results_ = answered.how == ask_outcome::wait;
  for (auto& each : answered.proposals) {
    const auto trial = each.trial;
    const auto origin = each.is_of_user ? record::trial_origin::point : record::trial_origin::searcher;
    write(record::trial_created{trial, std::move(each.values), origin, now.wall}, todo);
    start(trial, lives_.at(trial), now, todo);
  }
  return !answered.proposals.empty();
}

bool controller_core::bring_back_paused(const moment& now, actions& todo) {
  if (paused_ == 0)
    return false;
  auto next = schedule_->choose_paused();
  if (!next)
    return false;
  CAF_TUNE_INVARIANT(lives_.at(next->trial).state == trial_state::paused, "the scheduler chose trial {}, which is {}",
                     next->trial.value, to_string(lives_.at(next->trial).state));
  auto& life = lives_.at(next->trial);
  const auto* checkpoint = next->with ? lendable(next->with->donor, next->trial) : nullptr;
  if (checkpoint != nullptr)
    write(record::trial_exploited{next->trial, life.iterations, next->with->donor, *checkpoint,
                                  std::move(next->with->values), std::move(next->reason), now.wall},
          todo);
  else {
    if (next->with)
      next->reason +=
        fmt::format("; but trial {} has no checkpoint of it, so it goes on as it is", next->with->donor.value);
    become(next->trial, trial_state::pending, next->reason, now, todo);
  }
  set_due(next->trial, life, now.at);
  return true;
}

/// A trial that is paused or to come, or one that waits in the queue since before this one's attempt began: it has had
/// its turn.
bool controller_core::does_any_wait(const trial_life& life) const {
  if (stage_ != stage::running)
    return false;
  if (paused_ > held_trials_ || (may_create() && !waits_for_results_))
    return true;
  return std::any_of(lives_.begin(), lives_.end(), [&](const auto& each) {
    return each.second.now == phase::waits && each.second.since < life.began;
  });
}

/// Of these, those that are paused, and not by their user.
void controller_core::end_each(const std::vector<scheduler::resumption>& ends, const moment& now, actions& todo) {
  for (const auto& each : ends)
    if (const auto found = lives_.find(each.trial);
        found != lives_.end() && found->second.state == trial_state::paused && !found->second.is_held)
      become(each.trial, trial_state::stopped, each.reason, now, todo);
}

/// They wait for nothing any more, and the searcher hears of them.
void controller_core::end_lost(const moment& now, actions& todo) {
  if (paused_ > 0)
    end_each(schedule_->lost(), now, todo);
}

/// Nothing runs and nothing can come: what is paused ends.
void controller_core::end_paused(const moment& now, actions& todo) {
  end_each(schedule_->end_paused(), now, todo);
  std::vector<trial_id> left;
  for (const auto& each : lives_)
    if (each.second.state == trial_state::paused && !each.second.is_held)
      left.push_back(each.first);
  for (const auto trial : left)
    become(trial, trial_state::stopped, "paused, and no result can bring it back", now, todo);
}

void controller_core::stop_all(const std::string& why, const moment& now, actions& todo) {
  if (stage_ == stage::stopping)
    return;
  stage_ = stage::stopping;
  all_end_by_ = now.at + options_.end_deadline;
  end_reason_ = why;
  std::vector<trial_id> all;
  for (const auto& each : lives_)
    all.push_back(each.first);
  for (const auto trial : all) {
    auto& life = lives_.at(trial);
    if (!life.ends || life.ends->state == trial_state::paused)
      life.ends = {trial_state::stopped, why, /*by_user=*/false};
    if (life.now == phase::none)
      become(trial, *life.ends, now, todo);
    else if (life.now == phase::waits) {
      life.killed_as = end_cause::stopped;
      kill(trial, life, why, now, todo);
    } else if (life.now == phase::steps)
      set_due(trial, life, std::min(life.due.value_or(*all_end_by_), *all_end_by_));
  }
  finish_if_done(now, todo);
}

controller_core::actions controller_core::on_interrupt(const std::string& why, const moment& now) {
  actions todo;
  if (finished_ || stage_ == stage::replaying || stage_ == stage::interrupted)
    return todo;
  if (waits_for_checkpoints_ && !arrive_by_)
    arrive_by_ = now.at + options_.end_deadline;
  if (stage_ == stage::stopping)
    return todo;
  interrupt(why, now, todo);
  finish_if_done(now, todo);
  return todo;
}

/// Nothing more begins, and what runs saves and ends; later drivers go on with it.
void controller_core::interrupt(const std::string& why, const moment& now, actions& todo) {
  stage_ = stage::interrupted;
  all_end_by_ = now.at + options_.end_deadline;
  end_reason_ = why;
  for (auto& [trial, life] : lives_) {
    if (life.now == phase::none)
      set_due(trial, life, std::nullopt);
    else if (life.now == phase::waits) {
      life.killed_as = end_cause::driver_lost;
      kill(trial, life, why, now, todo);
    } else if (life.now == phase::steps)
      set_due(trial, life, std::min(life.due.value_or(*all_end_by_), *all_end_by_));
  }
}

controller_core::actions controller_core::on_second_interrupt(const moment& now) {
  auto todo = on_interrupt("interrupted", now);
  waits_for_checkpoints_ = false;
  arrive_by_.reset();
  for (auto& [trial, life] : lives_) {
    life.killed_as = life.ends ? end_cause::stopped : end_cause::driver_lost;
    kill(trial, life, end_reason_, now, todo);
  }
  finish_if_done(now, todo);
  return todo;
}

void controller_core::finish_if_done(const moment& now, actions& todo) {
  if (finished_ || stage_ == stage::replaying || attempts_ > 0)
    return;
  if (stage_ == stage::running) {
    if (at_work() > 0 || (may_create() && !waits_for_results_))
      return;
    if (paused_ > held_trials_ && !may_begin_more())
      return; // Nor has it been asked yet who of those that are paused goes on.
    if (held_trials_ > 0 && !is_awaited_)
      return; // The program may have them go on, and those that its scheduler has wait for them.
    end_paused(now, todo);
    if (held_trials_ > 0)
      end_reason_ = fmt::format("paused by the user: {} trial{}", held_trials_, held_trials_ == 1 ? "" : "s");
    else if (waits_for_results_ && may_create()) { // Nobody will ever tell it anything.
      failed_ = true;
      end_reason_ = "the searcher waits for results, but no trial runs";
    } else
      end_reason_ = exhausted_ ? "every point of the space was tried" : "finished";
  }
  if (!has_all_arrived(todo))
    return;
  finished_ = true;
  const bool complete = stage_ != stage::interrupted && lives_.empty();
  todo.push_back(append{record::experiment_ended{end_reason_, complete, failed_, now.wall}});
  ++position_;
  todo.push_back(finish{end_reason_, complete, failed_, stage_ == stage::running && held_trials_ > 0});
}

} // namespace tune
