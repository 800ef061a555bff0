#include "tune/scheduler/resource_changing_scheduler.hpp"

#include "tune/scheduler/resource_allocation.hpp"
#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr int most_doublings = 20; // A million intervals.

std::string counted(std::uint64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

std::string text_of(const cluster_room& room) {
  std::uint64_t places = 0;
  std::set<std::string> nodes;
  for (const auto& each : room.parts) {
    places += each.places;
    nodes.insert(each.node);
  }
  return fmt::format("{} on {}", counted(places, "place"), counted(nodes.size(), "node"));
}

} // namespace

resource_changing_scheduler::resource_changing_scheduler(const resource_changing_options& options,
                                                         const scheduler_setup& setup,
                                                         std::unique_ptr<scheduler> inside)
  : options_(options),
    setup_(setup),
    inside_(std::move(inside)) {
}

// ---- What the scheduler inside decides.

void resource_changing_scheduler::on_trial_created(trial_id trial, const config& values) {
  lives_.try_emplace(trial);
  inside_->on_trial_created(trial, values);
}

decision resource_changing_scheduler::on_result(const scheduler_result& result) {
  if (const auto found = lives_.find(result.trial); found != lives_.end()) {
    auto& x = found->second;
    x.iteration = result.iteration;
    if (!std::isnan(result.loss))
      x.best_loss = std::min(result.loss, x.best_loss.value_or(result.loss));
  }
  return inside_->on_result(result);
}

iteration_number resource_changing_scheduler::next_judged(trial_id trial, iteration_number after) const {
  return inside_->next_judged(trial, after);
}

void resource_changing_scheduler::on_trial_end(trial_id trial, trial_state how) {
  lives_.erase(trial);
  inside_->on_trial_end(trial, how);
}

void resource_changing_scheduler::on_trial_paused(trial_id trial) {
  inside_->on_trial_paused(trial);
}

void resource_changing_scheduler::on_trial_held(trial_id trial) {
  inside_->on_trial_held(trial);
}

std::optional<scheduler::resumption> resource_changing_scheduler::choose_paused() {
  return inside_->choose_paused();
}

bool resource_changing_scheduler::creates_first() const {
  return inside_->creates_first();
}

void resource_changing_scheduler::on_exploited(trial_id trial, const exploit& with) {
  inside_->on_exploited(trial, with);
}

std::vector<scheduler::resumption> resource_changing_scheduler::lost() const {
  return inside_->lost();
}

std::vector<scheduler::resumption> resource_changing_scheduler::end_paused() {
  return inside_->end_paused();
}

std::optional<iteration_number> resource_changing_scheduler::max_iterations() const {
  return inside_->max_iterations();
}

bool resource_changing_scheduler::stops() const {
  return inside_->stops();
}

iteration_number resource_changing_scheduler::saves_every() const {
  return inside_->saves_every();
}

// ---- How much each trial has.

bool resource_changing_scheduler::may_change(const life& x) const {
  return x.iteration - x.changed_at >= options_.interval;
}

bool resource_changing_scheduler::may_grow(const life& x) const {
  const auto wait = options_.interval * (iteration_number{1} << std::min(x.refusals, most_doublings));
  return x.iteration - x.changed_at >= wait;
}

bool resource_changing_scheduler::may_resize(trial_id trial, resize_chance when) const {
  const auto found = lives_.find(trial);
  return found != lives_.end() && (when == resize_chance::before_start || may_change(found->second));
}

/// The one with the best result so far; of equal ones the first.
std::optional<trial_id> resource_changing_scheduler::top_trial(const resource_room& room) const {
  std::optional<trial_id> top;
  double least = 0;
  for (const auto& each : room.holders) {
    const auto found = lives_.find(each.trial);
    if (found == lives_.end() || !found->second.best_loss || (top && *found->second.best_loss >= least))
      continue;
    top = each.trial;
    least = *found->second.best_loss;
  }
  return top;
}

trial_size resource_changing_scheduler::due_to(trial_id trial, const resource_room& room,
                                               std::optional<trial_id> top) const {
  switch (options_.allocate) {
  case allocation::evenly: return even_size(room, options_.max_size);
  case allocation::top_trial: return top == trial ? size_beside_others(room, trial, options_.max_size) : 1;
  }
  return 1;
}

std::optional<resizing> resource_changing_scheduler::resize(trial_id trial, resize_chance when,
                                                            const resource_room& room) const {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return std::nullopt;
  const auto& x = found->second;
  const auto top = options_.allocate == allocation::top_trial ? top_trial(room) : std::nullopt;
  const auto due = due_to(trial, room, top);
  const bool may = due > x.size ? may_grow(x) : when == resize_chance::before_start || may_change(x);
  if (due == x.size || !may)
    return std::nullopt;
  const auto due_to_others = options_.allocate == allocation::top_trial ? 1 : due;
  const auto has_too_much = [&](const resource_room::holder& each) {
    return each.trial != trial && each.size > due_to_others;
  };
  if (due > x.size && std::any_of(room.holders.begin(), room.holders.end(), has_too_much))
    return std::nullopt; // It cannot be there yet.
  return resizing{due,
                  fmt::format("{}: {} instead of {} times its resources", reason_for(trial, room, top), due, x.size)};
}

std::string resource_changing_scheduler::reason_for(trial_id trial, const resource_room& room,
                                                    std::optional<trial_id> top) const {
  if (room.cluster.is_wanted)
    return "others wait for the cluster";
  if (options_.allocate == allocation::top_trial && top && top != trial)
    return fmt::format("trial {} is the best, with {}", top->value, shown(*lives_.at(*top).best_loss, setup_.better));
  const auto trials = fmt::format("{} {}", counted(room.holders.size() + room.to_come, "trial"),
                                  room.holders.size() + room.to_come == 1 ? "has" : "have");
  if (top)
    return fmt::format("it is the best, with {}, and {} {}", shown(*lives_.at(trial).best_loss, setup_.better), trials,
                       text_of(room.cluster));
  return fmt::format("{} {}", trials, text_of(room.cluster));
}

void resource_changing_scheduler::on_resized(trial_id trial, trial_size size, resize_cause why) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  auto& x = found->second;
  x.size = size;
  x.changed_at = x.iteration;
  if (why == resize_cause::refused)
    ++x.refusals;
  else if (!x.was_refused) // It had what it had asked for.
    x.refusals = 0;
  x.was_refused = why == resize_cause::refused;
}

} // namespace tune
