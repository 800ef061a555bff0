#include "tune/results/experiment_view.hpp"

#include "tune/results/trial_directory_name.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

std::optional<double> number_in(const metrics& values, const std::string& metric) {
  const auto* x = values.find(metric);
  if (x == nullptr || x->is_text() || x->is_list())
    return std::nullopt;
  const auto number = x->to_number();
  return std::isnan(number) ? std::nullopt : std::optional(number);
}

void widen(std::map<std::string, metric_range>& ranges, const metrics& values, iteration_number iteration) {
  for (const auto& [name, x] : values) {
    const auto number = number_in(values, name);
    if (!number)
      continue;
    const auto [found, is_new] = ranges.try_emplace(name, metric_range{*number, iteration, *number, iteration});
    auto& range = found->second;
    if (*number < range.lowest) {
      range.lowest = *number;
      range.lowest_at = iteration;
    }
    if (*number > range.highest) {
      range.highest = *number;
      range.highest_at = iteration;
    }
  }
}

} // namespace

std::optional<double> trial_view::score(const objective& by, result_scope scope) const {
  if (scope == result_scope::last)
    return number_in(last, by.metric);
  const auto found = ranges.find(by.metric);
  if (found == ranges.end())
    return std::nullopt;
  return by.better == direction::minimize ? found->second.lowest : found->second.highest;
}

const checkpoint_ref* trial_view::newest_checkpoint() const {
  const auto* newest = checkpoints.newest();
  if (newest != nullptr && newest->iteration > changed_at)
    return newest;
  return borrowed ? &borrowed->checkpoint : nullptr;
}

result<void> experiment_view::on_record(const journal_record& record) {
  if (const auto settled = std::exchange(just_settled_, std::nullopt)) // Not before: who shows that record looks at it.
    forget_all_but_the_best(trials_.at(*settled));
  return std::visit(
    [this](const auto& each) -> result<void> {
      if constexpr (std::is_void_v<decltype(on(each))>) {
        on(each);
        return {};
      } else
        return on(each);
    },
    record);
}

result<void> experiment_view::on(const record::experiment_begun& begun) {
  begun_ = begun;
  has_begun_ = true;
  samples_ = begun.samples;
  last_at_ = begun.at;
  auto description = read_description(begun.description);
  if (!description)
    return fail(description.error());
  description_ = std::move(*description);
  return {};
}

result<void> experiment_view::on(const record::experiment_resumed& resumed) {
  samples_ = resumed.samples;
  last_at_ = resumed.at;
  ended_.reset();
  ++resumptions_;
  if (resumed.description.empty())
    return {};
  auto description = read_description(resumed.description);
  if (!description)
    return fail(description.error());
  begun_.description = resumed.description;
  description_ = std::move(*description);
  return {};
}

void experiment_view::on(const record::experiment_ended& ended) {
  ended_ = ended;
  last_at_ = ended.at;
}

void experiment_view::on(const record::trial_created& made) {
  const auto [found, is_new] = trials_.try_emplace(made.trial);
  if (!is_new)
    return;
  auto& trial = found->second;
  trial.trial = made.trial;
  trial.values = made.values;
  trial.created = trial.changed = last_at_ = made.at;
  trial.name = trial_name(begun_.id, made.trial);
  trial.directory = trial_directory_name(begun_, description_, made);
  ++created_;
  ++counts_[static_cast<std::size_t>(trial.state)];
}

void experiment_view::on(const record::attempt_started& started) {
  auto* trial = trial_of(started.trial);
  if (trial == nullptr)
    return;
  trial->changed = last_at_ = started.at;
  if (!trial->attempts.empty() && trial->attempts.back().attempt >= started.attempt)
    return;
  if (trial->attempts.size() >= std::max<std::size_t>(options_.keep_attempts, 2))
    trial->attempts.erase(trial->attempts.begin() + 1);
  attempt_view attempt;
  attempt.attempt = started.attempt;
  attempt.from = started.from;
  attempt.of = started.of;
  attempt.size = trial->size;
  trial->attempts.push_back(std::move(attempt));
}

void experiment_view::on(const record::attempt_placed& placed) {
  auto* trial = trial_of(placed.trial);
  if (trial == nullptr || trial->attempts.empty() || trial->attempts.back().attempt != placed.attempt)
    return;
  auto& attempt = trial->attempts.back();
  attempt.node = placed.node;
  attempt.hostname = placed.hostname;
  attempt.process_id = placed.process_id;
  if (!has_ended(trial->state))
    become(*trial, trial_state::running);
}

void experiment_view::on(const record::result_reported& reported) {
  auto* trial = trial_of(reported.trial);
  if (trial == nullptr)
    return;
  if (reported.iteration <= trial->iterations) {
    ++repeated_;
    return;
  }
  trial->changed = last_at_ = reported.at;
  lost_ += static_cast<std::uint64_t>(reported.iteration - trial->iterations - 1);
  ++results_;
  trial->last = reported.values;
  trial->iterations = reported.iteration;
  trial->time_total_s = reported.time_total_s;
  if (!trial->attempts.empty() && trial->attempts.back().attempt == reported.attempt)
    ++trial->attempts.back().iterations;
  if (const auto* by = first_objective())
    if (const auto number = number_in(reported.values, by->metric)) {
      const auto loss = to_loss(*number, by->better);
      const auto best_so_far = trial->score(*by, result_scope::best);
      if (!best_so_far || loss < to_loss(*best_so_far, by->better)) {
        trial->best = reported.values;
        trial->best_iteration = reported.iteration;
      }
    }
  widen(trial->ranges, reported.values, reported.iteration);
  if (reported.checkpoint)
    count_checkpoint(*trial, *reported.checkpoint);
}

void experiment_view::on(const record::checkpoint_saved& saved) {
  if (auto* trial = trial_of(saved.trial)) {
    const bool was_on_its_way = trial->checkpoints.has_some_on_their_way();
    count_checkpoint(*trial, saved.checkpoint, saved.result);
    for (auto* each : borrowers_of(saved.trial, saved.checkpoint.iteration, saved.checkpoint.attempt))
      each->borrowed->checkpoint = saved.checkpoint;
    if (was_on_its_way)
      settle(*trial);
  }
}

void experiment_view::on(const record::checkpoint_lost& lost) {
  if (lost.borrower) {
    if (auto* borrower = trial_of(*lost.borrower))
      pay_back(*borrower);
    return;
  }
  if (auto* trial = trial_of(lost.trial)) {
    const bool was_on_its_way = trial->checkpoints.has_some_on_their_way();
    trial->checkpoints.erase(lost.iteration, lost.attempt);
    for (auto* each : borrowers_of(lost.trial, lost.iteration, lost.attempt))
      pay_back(*each);
    if (was_on_its_way)
      settle(*trial);
  }
}

void experiment_view::on(const record::attempt_ended& ended) {
  auto* trial = trial_of(ended.trial);
  if (trial == nullptr)
    return;
  trial->changed = last_at_ = ended.at;
  if (trial->attempts.empty() || trial->attempts.back().attempt != ended.attempt)
    return;
  if (ended.end.cause == end_cause::bad_checkpoint) {
    if (trial->attempts.back().of)
      pay_back(*trial);
    else if (const auto* bad = trial->checkpoints.newest_of(trial->attempts.back().from)) {
      const auto borrowers = borrowers_of(ended.trial, bad->iteration, bad->attempt);
      trial->checkpoints.erase(bad->iteration, bad->attempt);
      for (auto* each : borrowers)
        pay_back(*each);
    }
  }
  trial->attempts.back().cause = ended.end.cause;
  trial->attempts.back().why = ended.end.why;
  if (!has_ended(trial->state)) // Until more is said: it is tried again.
    become(*trial, trial_state::pending);
}

/// What it became is told when it has.
void experiment_view::on(const record::trial_ordered& ordered) {
  if (auto* trial = trial_of(ordered.trial))
    trial->changed = last_at_ = ordered.at;
}

void experiment_view::on(const record::trial_exploited& exploited) {
  auto* trial = trial_of(exploited.trial);
  if (trial == nullptr)
    return;
  trial->changed = last_at_ = exploited.at;
  trial->reason = exploited.reason;
  become(*trial, trial_state::pending);
  if (trial->exploits.size() >= std::max<std::size_t>(options_.keep_attempts, 2))
    trial->exploits.erase(trial->exploits.begin() + 1);
  trial->exploits.push_back({exploited.iteration, exploited.donor, exploited.checkpoint.iteration,
                             std::move(trial->values), exploited.values, exploited.reason});
  trial->values = exploited.values;
  if (exploited.donor == exploited.trial)
    return;
  pay_back(*trial);
  trial->changed_at = exploited.iteration;
  trial->checkpoints.become_old();
  trial->borrowed = lent_checkpoint{exploited.donor, exploited.checkpoint};
  ++borrowers_;
  if (const auto donor = trials_.find(exploited.donor); donor != trials_.end())
    donor->second.checkpoints.lend(exploited.checkpoint.iteration, exploited.checkpoint.attempt);
}

void experiment_view::on(const record::trial_resized& resized) {
  auto* trial = trial_of(resized.trial);
  if (trial == nullptr)
    return;
  trial->changed = last_at_ = resized.at;
  trial->size = resized.size;
  if (trial->resizes.size() >= std::max<std::size_t>(options_.keep_attempts, 2))
    trial->resizes.erase(trial->resizes.begin() + 1);
  trial->resizes.push_back({resized.iteration, resized.size, resized.reason});
}

void experiment_view::pay_back(trial_view& trial) {
  if (!trial.borrowed)
    return;
  const auto what = *std::exchange(trial.borrowed, std::nullopt);
  --borrowers_;
  const auto donor = trials_.find(what.donor);
  if (donor == trials_.end())
    return;
  donor->second.checkpoints.take_back(what.checkpoint.iteration, what.checkpoint.attempt);
  (void)donor->second.checkpoints.trim(description_.checkpoints_kept);
}

std::vector<trial_view*> experiment_view::borrowers_of(trial_id donor, iteration_number iteration,
                                                       attempt_number attempt) {
  std::vector<trial_view*> found;
  if (borrowers_ == 0)
    return found;
  for (auto& [id, each] : trials_)
    if (each.borrowed && each.borrowed->donor == donor && each.borrowed->checkpoint.iteration == iteration &&
        each.borrowed->checkpoint.attempt == attempt)
      found.push_back(&each);
  return found;
}

void experiment_view::on(const record::trial_changed& changed) {
  auto* trial = trial_of(changed.trial);
  if (trial == nullptr)
    return;
  trial->changed = last_at_ = changed.at;
  trial->reason = changed.reason;
  become(*trial, changed.state);
  if (changed.state == trial_state::error) {
    trial->error = changed.reason;
    if (!trial->attempts.empty() && !trial->attempts.back().why.empty())
      trial->error = trial->attempts.back().why;
  }
  if (!has_ended(changed.state))
    return;
  pay_back(*trial);
  if (const auto* by = first_objective())
    if (const auto score = trial->score(*by, result_scope::last))
      if (const auto loss = to_loss(*score, by->better); !best_ended_.second || loss < best_ended_.first)
        best_ended_ = {loss, trial->trial};
  settle(*trial);
}

trial_view* experiment_view::trial_of(trial_id trial) {
  const auto found = trials_.find(trial);
  if (found != trials_.end())
    return &found->second;
  if (options_.keep_ended == 0) // Otherwise it may have been one that was forgotten.
    ++strays_;
  return nullptr;
}

void experiment_view::become(trial_view& trial, trial_state state) {
  --counts_[static_cast<std::size_t>(trial.state)];
  ++counts_[static_cast<std::size_t>(state)];
  trial.state = state;
}

/// As the controller does: so these are the ones that it has not dropped.
void experiment_view::count_checkpoint(trial_view& trial, const checkpoint_ref& checkpoint,
                                       const std::optional<checkpoint_result>& result) {
  const auto* by = first_objective();
  const auto score = by == nullptr ? std::nullopt : trial.score(*by, result_scope::last);
  const checkpoint_result newest{score ? to_loss(*score, by->better) : std::numeric_limits<double>::quiet_NaN(),
                                 trial.time_total_s};
  trial.checkpoints.count(checkpoint, result.value_or(newest));
  const auto* safe = trial.borrowed ? trial.checkpoints.newest_in_storage() : nullptr;
  if (safe != nullptr && safe->iteration > trial.changed_at)
    pay_back(trial);
  (void)trial.checkpoints.trim(description_.checkpoints_kept);
}

const objective* experiment_view::first_objective() const {
  return description_.objectives.empty() ? nullptr : &description_.objectives.front();
}

/// What is told of an ended trial ends here, unless a checkpoint of it is on its way to the storage.
void experiment_view::settle(const trial_view& trial) {
  const bool is_numbered = trial.trial.value >= 1 && trial.trial.value <= created_; // As a controller does it.
  if (options_.keep_ended > 0 && is_numbered && has_ended(trial.state) && !trial.checkpoints.has_some_on_their_way())
    just_settled_ = trial.trial;
}

void experiment_view::forget_all_but_the_best(const trial_view& ended) {
  const auto* by = first_objective();
  const auto loss = [&](result_scope scope) {
    const auto score = by == nullptr ? std::nullopt : ended.score(*by, scope);
    return score ? std::optional(to_loss(*score, by->better)) : std::nullopt;
  };
  const auto trial = ended.trial;
  const auto* checkpoint = ended.checkpoints.newest_in_storage();
  const auto last = loss(result_scope::last);
  const auto best = loss(result_scope::best);
  std::vector<trial_id> left;
  if (ended.state == trial_state::error) // The newest are the best here.
    add(failures_, -static_cast<double>(trial.value), trial, left);
  if (checkpoint != nullptr)
    add(by_checkpoint_, -static_cast<double>(checkpoint->iteration), trial, left); // The furthest.
  add(by_iterations_, -static_cast<double>(ended.iterations), trial, left);
  add(by_last_, last, trial, left);
  add(by_best_, best, trial, left);
  for (const auto each : left)
    if (const auto found = kept_by_.find(each); found != kept_by_.end() && found->second == 0) {
      kept_by_.erase(found);
      forget(each); // `ended` may be gone from here on.
    }
}

void experiment_view::add(ranking& among, std::optional<double> loss, trial_id trial, std::vector<trial_id>& left) {
  if (!among.insert({loss.has_value(), loss.value_or(0), trial}).second)
    return;
  ++kept_by_[trial];
  if (among.size() <= options_.keep_ended)
    return;
  const auto last = std::prev(among.end());
  --kept_by_[last->trial];
  left.push_back(last->trial);
  among.erase(last);
}

void experiment_view::forget(trial_id trial) {
  const auto found = trials_.find(trial);
  how_it_ended_.resize(std::max<std::size_t>(how_it_ended_.size(), trial.value));
  how_it_ended_[trial.value - 1] = static_cast<std::uint8_t>(found->second.state);
  trials_.erase(found);
}

const trial_view* experiment_view::find(trial_id trial) const noexcept {
  const auto found = trials_.find(trial);
  return found == trials_.end() ? nullptr : &found->second;
}

const trial_view* experiment_view::find(const std::string& name) const {
  const auto trial = id_of(name);
  return trial ? find(*trial) : nullptr;
}

std::optional<trial_id> experiment_view::id_of(const std::string& name) const {
  const auto digits = name.substr(name.rfind('_') + 1);
  if (digits.empty() || digits.size() > 18 || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const trial_id trial{std::stoull(digits)};
  const bool is_it = state_of(trial) && (name == digits || name == trial_name(begun_.id, trial));
  return is_it ? std::optional(trial) : std::nullopt;
}

std::optional<trial_state> experiment_view::state_of(trial_id trial) const {
  if (const auto* kept = find(trial))
    return kept->state;
  if (trial.value == 0 || trial.value > how_it_ended_.size() || how_it_ended_[trial.value - 1] == 0)
    return std::nullopt;
  return static_cast<trial_state>(how_it_ended_[trial.value - 1]);
}

const trial_view* experiment_view::best(const objective& by, result_scope scope) const {
  const trial_view* best = nullptr;
  double least = 0;
  for (const auto& [id, trial] : trials_) {
    const auto score = trial.score(by, scope);
    if (!score)
      continue;
    if (const auto loss = to_loss(*score, by.better); best == nullptr || loss < least) {
      best = &trial;
      least = loss;
    }
  }
  return best;
}

const trial_view* experiment_view::best(result_scope scope) const {
  const auto* by = first_objective();
  return by == nullptr ? nullptr : best(*by, scope);
}

std::vector<const trial_view*> experiment_view::best_first(const objective& by, result_scope scope) const {
  std::vector<std::pair<double, const trial_view*>> all;
  for (const auto& [id, trial] : trials_) {
    const auto score = trial.score(by, scope);
    all.emplace_back(score ? to_loss(*score, by.better) : std::numeric_limits<double>::quiet_NaN(), &trial);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::isnan(a.first) || std::isnan(b.first) ? !std::isnan(a.first) && std::isnan(b.first) : a.first < b.first;
  });
  std::vector<const trial_view*> ordered;
  for (const auto& each : all)
    ordered.push_back(each.second);
  return ordered;
}

} // namespace tune
