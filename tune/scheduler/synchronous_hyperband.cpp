#include "tune/scheduler/synchronous_hyperband.hpp"

#include "tune/scheduler/nearly.hpp"
#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {

std::vector<synchronous_hyperband::plan> synchronous_hyperband::plans(const hyperband_options& options) {
  const double eta = options.reduction_factor;
  const auto most = static_cast<double>(options.max_t);
  const auto last = std::floor(std::log(most / static_cast<double>(options.grace_period)) / std::log(eta) + nearly);
  std::vector<plan> all;
  for (double s = last; s >= 0; --s) {
    auto& made = all.emplace_back();
    const double trials = std::ceil((last + 1) / (s + 1) * std::pow(eta, s) * (1 - nearly));
    made.trials = static_cast<std::size_t>(trials);
    for (double i = 0; i < s; ++i) {
      const auto level = static_cast<iteration_number>(std::round(most * std::pow(eta, i - s)));
      const auto go_on = static_cast<std::size_t>(trials * std::pow(eta, -i - 1) * (1 + nearly));
      if (level < 1 || level >= options.max_t)
        continue;
      if (made.rungs.empty() || made.rungs.back().level < level)
        made.rungs.push_back({level, go_on});
      else
        made.rungs.back().go_on = go_on; // Two that are rounded to one.
    }
  }
  return all;
}

synchronous_hyperband::synchronous_hyperband(const hyperband_options& options, const scheduler_setup& setup)
  : options_(options),
    setup_(setup),
    plans_(plans(options)) {
}

void synchronous_hyperband::on_trial_created(trial_id trial, const config& /*values*/) {
  if (lives_.count(trial) != 0)
    return;
  auto found = brackets_.find(newest_);
  if (found == brackets_.end() || found->second.created == found->second.what->trials) {
    ++newest_;
    bracket made;
    made.what = &plans_[static_cast<std::size_t>((newest_ - 1) % plans_.size())];
    made.rungs.resize(made.what->rungs.size());
    if (!made.rungs.empty())
      made.rungs.front().expected = made.what->trials;
    found = brackets_.emplace(newest_, std::move(made)).first;
  }
  ++found->second.created;
  ++found->second.alive;
  life born;
  born.bracket = newest_;
  lives_.emplace(trial, born);
}

/// The best of a rung go on when all are there. They are the next that its successor waits for.
void synchronous_hyperband::settle(std::uint64_t number) {
  auto& here = brackets_.at(number);
  for (std::size_t i = 0; i < here.rungs.size(); ++i) {
    auto& each = here.rungs[i];
    if (each.is_decided)
      continue;
    if (each.arrived < each.expected)
      return;
    each.is_decided = true;
    std::size_t chosen = 0;
    while (chosen < here.what->rungs[i].go_on && !each.waiting.empty()) {
      const auto trial = each.waiting.begin()->second;
      each.waiting.erase(each.waiting.begin());
      auto& x = lives_.at(trial);
      x.is_chosen = true;
      if (x.has_paused)
        ready_.insert(turn_of(trial, x));
      ++chosen;
    }
    for (const auto& loser : each.waiting)
      if (lives_.at(loser.second).has_paused)
        lost_.insert(loser.second);
    if (i + 1 < here.rungs.size())
      here.rungs[i + 1].expected = chosen;
  }
}

/// No rung waits for it any more.
void synchronous_hyperband::leave(trial_id trial, life& x) {
  if (x.is_guest)
    return;
  auto& here = brackets_.at(x.bracket);
  if (x.is_paused && !x.is_chosen) {
    auto& at = here.rungs[x.next - 1]; // Where it has arrived already.
    at.waiting.erase({x.loss, trial});
    lost_.erase(trial);
    if (here.created == here.what->trials)
      return;
    --at.arrived; // The bracket is still being filled, now by another one, too.
    --here.created;
    return;
  }
  ready_.erase(turn_of(trial, x));
  if (x.next == here.rungs.size())
    return;
  ++here.rungs[x.next].arrived;
  settle(x.bracket);
}

void synchronous_hyperband::on_trial_end(trial_id trial, trial_state /*how*/) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  const auto number = found->second.bracket;
  leave(trial, found->second);
  lives_.erase(found);
  auto& here = brackets_.at(number);
  if (--here.alive == 0 && here.created == here.what->trials)
    brackets_.erase(number);
}

void synchronous_hyperband::on_trial_paused(trial_id trial) {
  const auto found = lives_.find(trial);
  if (found == lives_.end() || !found->second.is_paused)
    return;
  auto& x = found->second;
  x.has_paused = true;
  if (x.is_chosen)
    ready_.insert(turn_of(trial, x));
  else if (brackets_.at(x.bracket).rungs[x.next - 1].is_decided)
    lost_.insert(trial);
}

void synchronous_hyperband::on_trial_held(trial_id trial) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  found->second.has_paused = false;
  lost_.erase(trial);
  ready_.erase(turn_of(trial, found->second));
}

decision synchronous_hyperband::on_result(const scheduler_result& result) {
  const auto found = lives_.find(result.trial);
  if (found == lives_.end())
    return {};
  auto& x = found->second;
  if (x.is_paused) { // Its user had it go on.
    if (x.is_chosen)
      ready_.erase(turn_of(result.trial, x));
    else {
      leave(result.trial, x);
      x.is_guest = true;
    }
    x.is_paused = x.has_paused = x.is_chosen = false;
  }
  if (result.iteration >= options_.max_t)
    return {verdict::stop, fmt::format("max_t: {} iterations are done", options_.max_t)};
  auto& here = brackets_.at(x.bracket);
  if (x.is_guest || x.next == here.rungs.size() || result.iteration < here.what->rungs[x.next].level)
    return {};
  const auto at = x.next;
  const auto level = here.what->rungs[at].level;
  if (std::isnan(result.loss)) // Its end says that it has arrived.
    return {verdict::stop, fmt::format("rung {}: the metric is not a number", level)};
  ++x.next;
  x.is_paused = true;
  x.loss = result.loss;
  here.rungs[at].waiting.insert({x.loss, result.trial});
  ++here.rungs[at].arrived;
  settle(x.bracket);
  // The last to arrive knows at once that it has lost.
  return {here.rungs[at].is_decided && !x.is_chosen ? verdict::stop : verdict::pause, place_in(x)};
}

iteration_number synchronous_hyperband::next_judged(trial_id trial, iteration_number after) const {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return after + 1;
  const auto& x = found->second;
  const auto& rungs = brackets_.at(x.bracket).what->rungs;
  const auto next = !x.is_guest && x.next < rungs.size() ? rungs[x.next].level : options_.max_t;
  return std::max(next, after + 1);
}

std::optional<scheduler::resumption> synchronous_hyperband::choose_paused() {
  if (ready_.empty())
    return std::nullopt;
  const auto trial = std::get<trial_id>(*ready_.begin());
  ready_.erase(ready_.begin());
  auto& x = lives_.at(trial);
  const resumption chosen{trial, place_in(x)};
  x.is_paused = x.has_paused = x.is_chosen = false;
  return chosen;
}

std::vector<scheduler::resumption> synchronous_hyperband::lost() const {
  std::vector<resumption> ends;
  for (const auto trial : lost_)
    ends.push_back({trial, place_in(lives_.at(trial))});
  return ends;
}

std::vector<scheduler::resumption> synchronous_hyperband::end_paused() {
  std::vector<resumption> ends;
  for (const auto& [trial, x] : lives_)
    if (x.is_paused)
      ends.push_back({trial, place_in(x)});
  return ends;
}

/// Brackets are filled one after the other.
std::string synchronous_hyperband::doubt_with(std::uint64_t trials) const {
  const auto& first = plans_.front();
  if (first.rungs.empty() || trials >= first.trials)
    return {};
  return fmt::format(
    "{} trials fill no bracket: {} begin the first one, and nobody goes on from its rung {} before they "
    "have all come there; have at least as many samples, a lower max_t, or type = asynchronous",
    trials, first.trials, first.rungs.front().level);
}

/// Where it is paused.
std::string synchronous_hyperband::place_in(const life& x) const {
  const auto& here = brackets_.at(x.bracket);
  const auto& at = here.rungs[x.next - 1];
  const auto& what = here.what->rungs[x.next - 1];
  const auto loss = shown(x.loss, setup_.better);
  if (!at.is_decided)
    return fmt::format("rung {}: {} waits for all of its bracket, {} of {} have come", what.level, loss, at.arrived,
                       at.expected);
  return fmt::format("rung {}: {} {} among the best {} of {}", what.level, loss, x.is_chosen ? "is" : "is not",
                     what.go_on, at.expected);
}

} // namespace tune
