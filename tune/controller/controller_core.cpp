#include "tune/controller/controller_core.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {

using runtime::mutated;
using runtime::mutation;

namespace {

/// Of an iteration this short a trial with leave waits less than a millisecond for its answer, and that is no sync.
constexpr double too_short_to_wait_s = 0.02;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

} // namespace

controller_core::controller_core(controller_options options, std::unique_ptr<searcher> search,
                                 std::unique_ptr<scheduler> schedule)
  : options_(std::move(options)),
    search_(std::move(search)),
    schedule_(std::move(schedule)),
    kept_then_(options_.checkpoints_kept) {
  CAF_TUNE_INVARIANT(!options_.objectives.empty(), "an experiment has an objective");
}

// ---- The beginning.

controller_core::actions controller_core::on_begin(const moment& now) {
  actions todo;
  if (stage_ != stage::replaying)
    return todo;
  stage_ = stage::running;
  durable_ = position_; // What was replayed is on disk.
  if (!has_begun_)
    todo.push_back(append{record::experiment_begun{options_.id, options_.name, options_.description, options_.seed,
                                                   options_.samples, now.wall}});
  else
    todo.push_back(append{record::experiment_resumed{options_.samples, options_.description, now.wall}});
  ++position_;
  if (options_.time_budget)
    budget_ends_ = now.at + *options_.time_budget;
  std::vector<trial_id> known;
  for (const auto& each : lives_)
    known.push_back(each.first);
  for (const auto& [trial, ended] : arriving_)
    for (const auto& each : ended.checkpoints.all())
      todo.push_back(keep_checkpoint{trial, each.at});
  for (const auto trial : known)
    if (const auto found = lives_.find(trial); found != lives_.end()) // One that is given up may end all others.
      take_up(trial, found->second, now, todo);
  any_placed_ = false; // By this driver: the resources that are asked for, or the cluster, may be others now.
  fill(now, todo);
  return todo;
}

void controller_core::take_up(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  const auto known = life.checkpoints.all();
  hear_unheard(trial, life, now, todo); // It may say that a checkpoint is none: that is not kept again, or it would
                                        // count again when it is told that it is stored.
  const bool is_there = lives_.count(trial) != 0;
  for (const auto& each : is_there ? life.checkpoints.all() : known) // It may not have come to its place before.
    todo.push_back(keep_checkpoint{trial, each.at});
  if (!is_there)
    return;
  if (life.now != phase::none) // It ran when the driver ended, and ended with it.
    end_attempt(trial, life, {end_cause::driver_lost, "the driver ended"}, now, todo);
  else if (life.last_end && life.last_end->cause == end_cause::infeasible) // Perhaps it fits now.
    set_due(trial, life, now.at);
  else if (life.last_end) // What follows from it was not written any more.
    after_end(trial, life, now, todo);
  else if (life.state == trial_state::pending)
    set_due(trial, life, now.at);
}

controller_core::actions controller_core::on_capacity(std::size_t trials, const moment& now, cluster_room room) {
  actions todo;
  capacity_ = trials;
  room_ = std::move(room);
  fill(now, todo);
  return todo;
}

// ---- An attempt's life.

controller_core::actions controller_core::on_attempt_events(trial_id trial, attempt_number attempt,
                                                            const attempt_events& events, const moment& now) {
  actions todo;
  const auto* before = life_of(trial, attempt);
  const auto told = before == nullptr ? 0 : before->told;
  for (const auto& each : events)
    std::visit([&](const auto& event) { hear(trial, attempt, event, now, todo); }, each);
  if (auto* life = life_of(trial, attempt); life != nullptr && std::holds_alternative<attempt_report>(events.back()) &&
                                            (life->told > told || mutated(mutation::answer_twice)))
    answer_soon(trial, *life, events.size(), now, todo);
  fill(now, todo);
  return todo;
}

void controller_core::hear(trial_id trial, attempt_number attempt, const attempt_alive& alive, const moment& now,
                           actions& todo) {
  auto* life = life_of(trial, attempt);
  if (life == nullptr || life->now != phase::waits)
    return;
  write(record::attempt_placed{trial, attempt, alive.node, alive.hostname, alive.node_ip, alive.process_id,
                               alive.directory, alive.sees_storage},
        todo);
  life->began = now.at;
  enter(trial, *life, phase::steps, now);
}

/// Also of an attempt that was told to end, and had begun an iteration by then; and of one that is being killed: it may
/// have finished before the kill, and what it did counts then.
void controller_core::hear(trial_id trial, attempt_number attempt, const attempt_report& report, const moment& now,
                           actions& todo) {
  auto* life = life_of(trial, attempt);
  if (life == nullptr || (life->now != phase::steps && life->now != phase::leaves && life->now != phase::killed &&
                          !(life->now == phase::answered && options_.told_at_once)))
    return;
  if (report.iteration <= life->told && !mutated(mutation::answer_twice))
    return; // It comes a second time: it was heard, and is answered once.
  if (report.iteration > life->iterations + 1)
    return kill(trial, *life, fmt::format("it reported iteration {} after {}", report.iteration, life->iterations), now,
                todo);
  life->told = std::max(life->told, report.iteration);
  if (report.iteration == life->iterations + 1) {
    record::result_reported counted;
    counted.trial = trial;
    counted.attempt = attempt;
    counted.iteration = report.iteration;
    counted.values = report.values;
    counted.time_this_iteration_s = report.time_this_iteration_s;
    counted.time_total_s = report.time_total_s;
    counted.at = now.wall;
    counted.checkpoint = report.checkpoint;
    counted.done = report.done;
    decide(counted, [&] { return does_any_wait(*life); });
    life->unwritten = write(std::move(counted), todo);
    if (!waits_for_answer(*life, report))
      std::get<append>(todo.back()).haste = record_haste::none;
    waits_for_results_ = false;
    resize_after_result(trial, *life, now, todo);
  } else if (report.checkpoint) // Counted before, by an attempt that was lost: only its checkpoint is news.
    life->unwritten =
      write(record::checkpoint_saved{trial, *report.checkpoint,
                                     checkpoint_result{losses_of(report.values).front(), report.time_total_s}},
            todo);
  if (report.checkpoint)
    keep(trial, *life, *report.checkpoint, todo);
}

/// When its reports are on disk. One that was to end, and reported once more, is told so again.
void controller_core::answer_soon(trial_id trial, trial_life& life, std::size_t reports, const moment& now,
                                  actions& todo) {
  if (life.now == phase::steps || life.now == phase::answered) {
    steps_.add((now.at - life.since) / static_cast<std::int64_t>(reports));
    enter(trial, life, phase::answered, now);
  } else if (life.now != phase::leaves)
    return;
  held_.push_back({life.unwritten, trial, life.attempts, life.told});
  release_answers(now, todo); // An iteration that was counted before waits for nothing that is still to be written.
}

bool controller_core::waits_for_answer(const trial_life& life, const attempt_report& report) const {
  return !options_.told_at_once || report.iteration >= life.free_until ||
         report.time_this_iteration_s >= too_short_to_wait_s;
}

attempt_answer controller_core::answer_to(const trial_life& life) const {
  if (life.ends)
    return life.ends->state == trial_state::paused ? attempt_answer::pause : attempt_answer::stop;
  if (life.is_resized)
    return attempt_answer::pause;
  return stage_ == stage::interrupted ? attempt_answer::pause : attempt_answer::go_on;
}

/// The first iteration whose report may be answered with something else than "go on".
iteration_number controller_core::free_until(trial_id trial, const trial_life& life) const {
  if (options_.answer_each)
    return life.iterations + 1;
  auto first = schedule_->next_judged(trial, life.iterations);
  if (const auto reached = first_that_may_reach(options_.stop, life.iterations); reached < first)
    first = reached;
  return std::max(first, life.iterations + 1);
}

controller_core::actions controller_core::on_durable(journal_position up_to, const moment& now) {
  actions todo;
  durable_ = std::max(durable_, up_to);
  release_drops(todo);
  release_starts(todo);
  release_answers(now, todo);
  fill(now, todo);
  return todo;
}

void controller_core::release_answers(const moment& now, actions& todo) {
  while (!held_.empty() && (held_.front().position <= durable_ || mutated(mutation::answer_before_disk))) {
    const auto next = held_.front();
    held_.pop_front();
    auto* life = life_of(next.trial, next.attempt);
    if (life == nullptr || (life->now != phase::answered && life->now != phase::leaves))
      continue;
    const auto what = answer_to(*life);         // Also what was decided meanwhile, such as an interruption.
    const bool is_last = next.to == life->told; // Else it goes on already, and has told more.
    if (life->now == phase::answered && (is_last || what != attempt_answer::go_on))
      enter(next.trial, *life, what == attempt_answer::go_on ? phase::steps : phase::leaves, now);
    life->free_until = std::max(life->free_until, free_until(next.trial, *life));
    todo.push_back(answer{next.trial, next.attempt, {what, life->free_until, next.to}});
  }
}

void controller_core::hear(trial_id trial, attempt_number attempt, const attempt_over& over, const moment& now,
                           actions& todo) {
  auto* life = life_of(trial, attempt);
  if (life == nullptr)
    return;
  const auto* newest = life->checkpoints.newest();
  if (over.checkpoint && (newest == nullptr || newest->iteration < over.checkpoint->iteration) &&
      over.checkpoint->iteration <= life->iterations) {
    record::checkpoint_saved saved{trial, *over.checkpoint};
    if (over.checkpoint->iteration != life->iterations) // Of a result before the newest one.
      saved.result = {std::nan(""), life->time_total_s};
    write(std::move(saved), todo);
    keep(trial, *life, *over.checkpoint, todo);
  }
  auto end = over.end;
  if (life->now == phase::killed && !life->killed_because.empty() && end.cause != end_cause::finished)
    end = {life->killed_as, life->killed_because};
  if (end.cause == end_cause::infeasible && life->size > 1) // Its own resources may fit.
    end.cause = end_cause::stopped;
  end_attempt(trial, *life, end, now, todo);
}

void controller_core::end_attempt(trial_id trial, trial_life& life, const attempt_end& end, const moment& now,
                                  actions& todo) {
  if (end.cause == end_cause::bad_checkpoint)
    erase_bad_checkpoint(trial, life, todo); // With the record below.
  set_due(trial, life, std::nullopt);
  ends_.add(now.at);
  write(record::attempt_ended{trial, life.attempts, end, now.wall}, todo);
  after_end(trial, life, now, todo);
}

/// What follows from the end of the trial's last attempt; also when a driver opens the experiment again.
void controller_core::after_end(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  const auto& end = *life.last_end;
  // A pause that its user wants does not hide that it is done, or has failed before it came to pause.
  const bool may_pause = life.ends && life.ends->by_user && life.ends->state == trial_state::paused;
  const bool has_failed = is_users_error(end.cause) || is_loss(end.cause);
  if (life.ends && !(may_pause && (has_failed || end.cause == end_cause::finished)))
    return become(trial, *life.ends, now, todo);
  if (end.cause == end_cause::finished)
    return become(trial, trial_state::terminated, "finished", now, todo);
  if (end.cause == end_cause::infeasible && !may_pause)
    return on_infeasible(trial, life, now, todo);
  if (!may_pause && was_refused(life))
    return do_without(trial, life, now, todo);
  const auto next = life.budget.judge(end, options_.failures);
  if (const auto* given_up = std::get_if<failure_budget::give_up>(&next))
    return give_up(trial, given_up->why, now, todo);
  if (may_pause)
    return become(trial, *life.ends, now, todo);
  if (stage_ == stage::interrupted)
    return; // It stays pending: a later driver goes on with it.
  if (const auto* older = std::get_if<failure_budget::restore_older>(&next))
    return restore_older(trial, life, older->waited, now, todo);
  const auto after = std::get<failure_budget::retry>(next).after;
  set_due(trial, life, now.at + after);
}

/// Where something has fit before, the node that it fits on is gone and may come back: it is asked for again, and waits
/// in the head's queue. Else it is the same for each trial: the experiment ends with that error, and its trials stay
/// pending, so that the same command goes on with them when the node has been started.
void controller_core::on_infeasible(trial_id trial, trial_life& life, const moment& now, actions& todo) {
  if (stage_ == stage::interrupted)
    return;
  if (any_placed_)
    return set_due(trial, life, now.at);
  failed_ = true;
  interrupt(life.last_end->why, now, todo);
}

void controller_core::give_up(trial_id trial, const std::string& why, const moment& now, actions& todo) {
  become(trial, trial_state::error, why, now, todo);
  if (options_.fail_fast)
    stop_all(fmt::format("trial {} failed, and fail_fast is set: {}", trial.value, why), now, todo);
}

void controller_core::become(trial_id trial, trial_state state, std::string why, const moment& now, actions& todo) {
  become(trial, {state, std::move(why), /*by_user=*/false}, now, todo);
}

void controller_core::become(trial_id trial, const trial_life::ending& how, const moment& now, actions& todo) {
  auto& life = lives_.at(trial);
  set_due(trial, life, std::nullopt);
  write(record::trial_changed{trial, how.state, how.why, now.wall, how.by_user}, todo);
  waits_for_results_ = false;
}

void controller_core::kill(trial_id trial, trial_life& life, std::string why, const moment& now, actions& todo) {
  if (life.now == phase::none || life.now == phase::killed)
    return;
  enter(trial, life, phase::killed, now);
  life.killed_because = why;
  if (life.starts_at <= durable_) // Else it has not begun, and is told with its beginning.
    todo.push_back(kill_attempt{trial, life.attempts, std::move(why)});
}

// ---- Time.

controller_core::actions controller_core::on_time(const moment& now) {
  actions todo;
  if (stage_ == stage::replaying || finished_)
    return todo;
  if (budget_ends_ && now.at >= *budget_ends_) {
    budget_ends_.reset();
    if (stage_ == stage::running)
      stop_all(fmt::format("its time budget of {:g} s is over", seconds(*options_.time_budget)), now, todo);
  }
  if (arrive_by_ && now.at >= *arrive_by_) {
    arrive_by_.reset();
    waits_for_checkpoints_ = false;
  }
  while (!due_.empty() && due_.begin()->first <= now.at) {
    const auto [due, trial] = *due_.begin();
    auto& life = lives_.at(trial);
    set_due(trial, life, std::nullopt);
    on_due(trial, life, due, now, todo);
  }
  finish_if_done(now, todo);
  return todo;
}

std::optional<runtime::instant> controller_core::wake_at() const {
  if (finished_ || stage_ == stage::replaying)
    return std::nullopt;
  auto next = budget_ends_;
  if (arrive_by_ && (!next || *arrive_by_ < *next))
    next = arrive_by_;
  if (!due_.empty() && (!next || due_.begin()->first < *next))
    next = due_.begin()->first;
  return next;
}

void controller_core::on_due(trial_id trial, trial_life& life, runtime::instant due, const moment& now, actions& todo) {
  switch (life.now) {
  case phase::none:
    if (life.state == trial_state::pending && stage_ == stage::running)
      start(trial, life, now, todo);
    return;
  case phase::steps: {
    const auto of_trial =
      options_.trial_deadline && now.at >= life.began + *options_.trial_deadline -
                                             std::chrono::nanoseconds(std::llround(life.time_before_s * 1e9));
    if (of_trial) {
      life.ends = {trial_state::terminated,
                   fmt::format("its trial deadline of {:g} s is over", seconds(*options_.trial_deadline)),
                   /*by_user=*/false};
      life.killed_as = end_cause::stopped;
      return kill(trial, life, life.ends->why, now, todo);
    }
    if (life.ends && life.ends->state != trial_state::paused) { // Its user wants it to end, and it does not report.
      life.killed_as = end_cause::stopped;
      return kill(trial, life,
                  fmt::format("it did not report within {:g} s of being stopped", seconds(options_.end_deadline)), now,
                  todo);
    }
    if (stage_ != stage::running) {
      life.killed_as = end_cause::driver_lost;
      return kill(trial, life, "it did not end in time", now, todo);
    }
    life.killed_as = end_cause::hung;
    return kill(trial, life,
                fmt::format("iteration {} took longer than its deadline of {:g} s", life.iterations + 1,
                            seconds(due - life.since)),
                now, todo);
  }
  case phase::leaves:
    life.killed_as = life.ends ? end_cause::stopped : life.is_resized ? end_cause::paused : end_cause::driver_lost;
    return kill(trial, life,
                fmt::format("it was told to end and did not within {:g} s", seconds(options_.end_deadline)), now, todo);
  case phase::waits:               // For more than it had.
    if (life.starts_at > durable_) // Nobody has been asked yet.
      return set_due(trial, life, now.at + options_.resize_patience);
    todo.push_back(withdraw_attempt{
      trial, life.attempts, fmt::format("they were not granted within {:g} s", seconds(options_.resize_patience))});
    return;
  case phase::answered:
  case phase::killed: return;
  }
}

void controller_core::enter(trial_id trial, trial_life& life, phase next, const moment& now) {
  life.now = next;
  life.since = now.at;
  std::optional<runtime::instant> due;
  if (next == phase::steps) {
    due = step_deadline(now.at);
    if (options_.trial_deadline)
      due = std::min(due.value_or(runtime::instant::max()),
                     life.began + *options_.trial_deadline -
                       std::chrono::nanoseconds(std::llround(life.time_before_s * 1e9)));
    if (stage_ != stage::running) // It was answered before the end was called, and has not reported since.
      due = std::min(due.value_or(runtime::instant::max()), end_by(now));
  } else if (next == phase::leaves)
    due = end_by(now);
  else if (next == phase::waits && life.size > 1)
    due = now.at + options_.resize_patience;
  set_due(trial, life, due);
}

void controller_core::set_due(trial_id trial, trial_life& life, std::optional<runtime::instant> due) {
  if (life.due)
    due_.erase({*life.due, trial});
  life.due = due;
  if (due)
    due_.emplace(*due, trial);
}

/// None as long as nothing is known of how long a step takes: the first may load gigabytes.
std::optional<runtime::instant> controller_core::step_deadline(runtime::instant begins) const {
  if (options_.step_deadline)
    return begins + *options_.step_deadline;
  if (steps_.empty())
    return std::nullopt;
  return begins + std::max(options_.least_step_deadline, steps_.median() * options_.step_deadline_factor);
}

/// When who is told to end must have done so. All of them together, when the whole experiment ends.
runtime::instant controller_core::end_by(const moment& now) const {
  const auto alone = now.at + options_.end_deadline;
  return all_end_by_ ? std::min(alone, *all_end_by_) : alone;
}

trial_life* controller_core::life_of(trial_id trial, attempt_number attempt) {
  const auto found = lives_.find(trial);
  if (found == lives_.end() || found->second.now == phase::none ||
      (found->second.attempts != attempt && !mutated(mutation::count_late_report)))
    return nullptr;
  return &found->second;
}

std::uint64_t controller_core::ended(trial_state how) const {
  const auto found = ended_.find(how);
  return found == ended_.end() ? 0 : found->second;
}

} // namespace tune
