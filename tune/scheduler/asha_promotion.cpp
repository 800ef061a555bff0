#include "tune/scheduler/asha_promotion.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {

namespace {

/// As many as there are in Hyperband's first bracket, if one of them does max_t iterations.
std::size_t fewest_of(iteration_number max_t, iteration_number level) {
  return static_cast<std::size_t>((max_t + level - 1) / level);
}

} // namespace

asha_promotion::asha_promotion(const asha_options& options, const scheduler_setup& setup)
  : options_(options),
    setup_(setup) {
  for (int s = 0; s < options_.brackets; ++s) {
    auto& rungs = brackets_.emplace_back();
    for (const auto level : rung_levels(options_, s)) {
      rungs.emplace_back();
      rungs.back().level = level;
      if (options_.delayed)
        rungs.back().fewest = fewest_of(options_.max_t, level);
    }
  }
}

void asha_promotion::on_trial_created(trial_id trial, const config& /*values*/) {
  life made;
  made.bracket = static_cast<std::size_t>(bracket_of(trial, options_, setup_.seed));
  lives_.try_emplace(trial, made);
}

void asha_promotion::begin_at(trial_id trial, std::size_t first_rung) {
  life made;
  made.next = std::min(first_rung, brackets_.front().size());
  lives_.try_emplace(trial, made);
}

void asha_promotion::on_trial_end(trial_id trial, trial_state /*how*/) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  const auto& ended = found->second;
  if (ended.is_paused) // Its result stays and counts, but it cannot go on.
    brackets_[ended.bracket][ended.next - 1].waiting.erase({ended.loss, trial});
  lives_.erase(found);
}

void asha_promotion::on_trial_paused(trial_id trial) {
  if (const auto found = lives_.find(trial); found != lives_.end())
    found->second.has_paused = found->second.is_paused;
}

void asha_promotion::on_trial_held(trial_id trial) {
  if (const auto found = lives_.find(trial); found != lives_.end())
    found->second.has_paused = false;
}

std::optional<iteration_number> asha_promotion::max_iterations() const {
  return options_.stop_last ? std::optional(options_.max_t) : std::nullopt;
}

decision asha_promotion::on_result(const scheduler_result& result) {
  const auto found = lives_.find(result.trial);
  if (found == lives_.end())
    return {};
  auto& trial = found->second;
  auto& rungs = brackets_[trial.bracket];
  if (trial.is_paused) { // Its user had it go on.
    rungs[trial.next - 1].waiting.erase({trial.loss, result.trial});
    trial.is_paused = trial.has_paused = false;
  }
  if (options_.stop_last && result.iteration >= options_.max_t)
    return {verdict::stop, fmt::format("max_t: {} iterations are done", options_.max_t)};
  if (trial.next == rungs.size() || result.iteration < rungs[trial.next].level)
    return {};
  auto& here = rungs[trial.next++]; // One at a time, so that who is in a rung was in the one below.
  if (std::isnan(result.loss)) {
    add(here, result.trial, std::numeric_limits<double>::infinity());
    return {verdict::stop, fmt::format("rung {}: the metric is not a number", here.level)};
  }
  trial.is_paused = true;
  trial.loss = result.loss;
  add(here, result.trial, result.loss);
  return {verdict::pause, place_in(here, result.loss, "waits here")};
}

iteration_number asha_promotion::next_judged(trial_id trial, iteration_number after) const {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return after + 1;
  auto next = options_.stop_last ? options_.max_t : std::numeric_limits<iteration_number>::max();
  const auto& rungs = brackets_[found->second.bracket];
  if (found->second.next < rungs.size())
    next = std::min(next, rungs[found->second.next].level);
  return std::max(next, after + 1);
}

/// The set of the best grows by at most one, and its members change by at most one more.
void asha_promotion::add(rung& here, trial_id trial, double loss) {
  const auto is_waiting = [&](const entry& each) {
    const auto found = lives_.find(each.second);
    return found != lives_.end() && found->second.is_paused && found->second.loss == each.first &&
           &brackets_[found->second.bracket][found->second.next - 1] == &here;
  };
  here.rest.insert({loss, trial});
  const auto m = best_of(here.size(), options_.reduction_factor);
  const auto take_best_of_rest = [&] {
    const auto first = *here.rest.begin();
    here.rest.erase(here.rest.begin());
    here.best.insert(first);
    if (is_waiting(first))
      here.waiting.insert(first);
  };
  while (here.best.size() < m)
    take_best_of_rest();
  if (here.best.empty() || here.rest.empty() || !(*here.rest.begin() < *here.best.rbegin()))
    return;
  take_best_of_rest();
  const auto last = *here.best.rbegin();
  here.best.erase(last);
  here.waiting.erase(last);
  here.rest.insert(last);
}

std::optional<scheduler::resumption> asha_promotion::choose_paused() {
  rung* highest = nullptr; // Of equal levels that of the first bracket.
  std::set<entry>::iterator chosen;
  for (auto& rungs : brackets_)
    for (std::size_t i = 0; i < std::min(ceiling_, rungs.size()); ++i) {
      auto& each = rungs[i];
      if (each.size() < each.fewest || each.promoted >= each.best.size() ||
          (highest != nullptr && each.level <= highest->level))
        continue;
      const auto first = std::find_if(each.waiting.begin(), each.waiting.end(),
                                      [&](const entry& e) { return lives_.at(e.second).has_paused; });
      if (first == each.waiting.end())
        continue; // They are still saving.
      highest = &each;
      chosen = first;
    }
  if (highest == nullptr)
    return std::nullopt;
  const auto [loss, trial] = *chosen;
  highest->waiting.erase(chosen);
  ++highest->promoted;
  lives_.at(trial).is_paused = lives_.at(trial).has_paused = false;
  return resumption{trial, place_in(*highest, loss, "goes on")};
}

std::optional<std::size_t> asha_promotion::rung_of(trial_id trial) const {
  const auto found = lives_.find(trial);
  return found != lives_.end() && found->second.is_paused ? std::optional(found->second.next - 1) : std::nullopt;
}

std::vector<scheduler::resumption> asha_promotion::end_paused() {
  std::vector<resumption> ends;
  for (const auto& [trial, each] : lives_)
    if (each.is_paused) {
      const auto& here = brackets_[each.bracket][each.next - 1];
      ends.push_back({trial, place_in(here, each.loss, "is not among them")});
    }
  return ends;
}

std::string asha_promotion::doubt_with(std::uint64_t trials) const {
  const auto& rungs = brackets_.front();
  if (rungs.empty() || trials >= rungs.front().fewest)
    return {};
  return fmt::format(
    "{} trials are too few: nobody goes on from rung {} before {} have come there; have at least as many "
    "samples, or set delayed to false",
    trials, rungs.front().level, rungs.front().fewest);
}

std::string asha_promotion::place_in(const rung& here, double loss, const char* what) const {
  if (here.size() < here.fewest)
    return fmt::format("rung {}: nobody goes on before {} results, of which {} {} there; {} {}", here.level,
                       here.fewest, here.size(), here.size() == 1 ? "is" : "are", shown(loss, setup_.better), what);
  return fmt::format("rung {}: {} of {} result{} may go on; {} {}", here.level, here.best.size(), here.size(),
                     here.size() == 1 ? "" : "s", shown(loss, setup_.better), what);
}

} // namespace tune
