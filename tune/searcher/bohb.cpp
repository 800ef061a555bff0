#include "tune/searcher/bohb.hpp"

#include "tune/chance.hpp"
#include "tune/searcher/modelled_axes.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::size_t least_needed = 10;

/// As many as Falkner et al. ask for, but never fewer than a tree-structured Parzen estimator begins with.
std::size_t needed_in(const search_space& space) {
  const space_plan plan(space);
  std::size_t modelled = 0;
  for (std::size_t i = 0; i < plan.size(); ++i)
    modelled += is_modelled(plan.at(i)) ? 1 : 0;
  return std::max(modelled + 1, least_needed);
}

design_search_options design_options(const bohb_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

tpe_search_options model_options(const bohb_search_options& options, std::size_t needed) {
  tpe_search_options made;
  made.repeat = options.repeat;
  made.startup_trials = static_cast<int>(needed);
  made.candidates = options.candidates;
  made.good_share = options.good_share;
  return made;
}

} // namespace

bohb::bohb(const searcher_setup& setup, const bohb_search_options& options)
  : setup_(setup),
    options_(options),
    needed_(needed_in(setup.space)),
    design_(setup, sobol_design, design_options(options)),
    ladder_(options.grace_period, options.reduction_factor) {
  open_rung();
}

std::vector<std::string> bohb::mistakes(const search_space& space, const bohb_search_options& options) {
  auto found = rung_ladder::mistakes("bohb", options.grace_period, options.reduction_factor);
  const auto check = [&](bool holds, const char* option, auto is, const char* must) {
    if (!holds)
      found.push_back(fmt::format("searcher bohb: {} is {}, but must be {}", option, is, must));
  };
  check(options.random_share >= 0 && options.random_share <= 1, "random_share", options.random_share, "0 to 1");
  check(options.candidates >= 1 && options.candidates <= 10'000, "candidates", options.candidates, "1 to 10000");
  check(options.good_share > 0 && options.good_share <= 1, "good_share", options.good_share, "above 0 and at most 1");
  for (auto& each : mistakes_of_crossed("bohb", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities bohb::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

bool bohb::can_learn() const {
  return std::any_of(rungs_.begin(), rungs_.end(), [&](const rung& each) { return each.results >= needed_; });
}

void bohb::open_rung() {
  auto& opened = rungs_.emplace_back(setup_, model_options(options_, needed_)).model;
  for (const auto& [values, losses] : known_)
    opened.on_known(values, losses);
  for (const auto& [trial, values] : tried_)
    opened.on_created(trial, values);
  for (const auto& [trial, values] : tried_)
    if (pending_.count(trial) == 0)
      opened.on_end(trial, trial_outcome::ignored, {});
  for (const auto& [trial, where] : pending_)
    opened.on_created(trial, where.values);
}

design_search::drawn bohb::next(trial_id trial, const ranks& in_batch) {
  if (chance(setup_.seed, "bohb random", trial.value).unit(0) < options_.random_share)
    return design_.draw(trial, in_batch);
  const auto highest =
    std::find_if(rungs_.rbegin(), rungs_.rend(), [&](const rung& each) { return each.results >= needed_; });
  return (highest != rungs_.rend() ? *highest : rungs_.front())
    .model.next(trial, in_batch); // Perhaps of known results.
}

void bohb::suppose(trial_id trial, const config& values) {
  for (auto& each : rungs_)
    each.model.suppose(trial, values);
}

void bohb::withdraw(trial_id trial) {
  for (auto& each : rungs_)
    each.model.withdraw(trial);
}

std::optional<std::uint64_t> bohb::rank_of(const config& values) const {
  return design_.rank_of(values);
}

/// At all rungs: how well it would have done with fewer iterations is not known.
void bohb::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  known_.emplace_back(values, losses);
  for (auto& each : rungs_)
    each.model.on_known(values, losses);
}

void bohb::on_created(trial_id trial, const config& values) {
  if (!pending_.emplace(trial, course{values}).second)
    return;
  design_.on_created(trial, values);
  if (design_.is_finite())
    tried_.emplace_back(trial, values);
  for (auto& each : rungs_)
    each.model.on_created(trial, values);
}

/// The next rung has heard of it.
void bohb::pass(trial_id trial, course& where, trial_outcome how, const std::vector<double>& losses) {
  auto& there = rungs_[where.passed++];
  there.model.on_end(trial, how, losses);
  if (how == trial_outcome::completed && !losses.empty() && std::isfinite(losses.front()))
    ++there.results;
}

void bohb::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto& where = found->second;
  ladder_.open_above(iteration);
  while (rungs_.size() < ladder_.size())
    open_rung();
  const auto reached = ladder_.reached_at(iteration);
  while (where.passed + 1 < reached)
    pass(trial, where, trial_outcome::ignored, {}); // It has jumped over these.
  if (where.passed < reached)
    pass(trial, where, trial_outcome::completed, losses);
}

void bohb::on_constraints(trial_id trial, const std::vector<double>& violations) {
  for (auto& each : rungs_)
    each.model.on_constraints(trial, violations);
}

/// What it has not reached says nothing; but if it failed on its way there, that is not to happen again.
void bohb::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto& where = found->second;
  if (how == trial_outcome::failed || (how == trial_outcome::completed && where.passed == 0))
    pass(trial, where, how, losses);
  while (where.passed < rungs_.size())
    pass(trial, where, trial_outcome::ignored, {});
  pending_.erase(found);
}

} // namespace tune
