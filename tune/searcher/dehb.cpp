#include "tune/searcher/dehb.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr std::size_t parents = 3;
constexpr std::size_t least_members = 6; ///< With fewer the members are soon alike: measured with 4, 6 and 10.
constexpr double nearly = 1e-9;          ///< What floating point may add.

design_search_options design_options(const dehb_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

} // namespace

dehb::dehb(const searcher_setup& setup, const dehb_search_options& options)
  : plan_(setup.space),
    axes_(plan_),
    seed_(setup.seed),
    options_(options),
    design_(setup, sobol_design, design_options(options)),
    ladder_(options.grace_period, options.reduction_factor) {
  open_rung();
}

std::vector<std::string> dehb::mistakes(const search_space& space, const dehb_search_options& options) {
  auto found = rung_ladder::mistakes("dehb", options.grace_period, options.reduction_factor);
  for (auto& each : differential_mistakes("dehb", options.population, options.weight, options.crossover))
    found.push_back(std::move(each));
  for (auto& each : mistakes_of_crossed("dehb", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities dehb::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

void dehb::open_rung() {
  const double share = std::pow(options_.reduction_factor, static_cast<double>(rungs_.size()));
  const auto size = static_cast<std::size_t>(std::ceil(options_.population / share * (1 - nearly)));
  const auto least = std::min(static_cast<std::size_t>(options_.population), least_members);
  auto& opened = rungs_.emplace_back(std::max(size, least));
  for (const auto& each : known_)
    opened.join(each);
}

/// None: there is nothing to be a child of. It is drawn: rungs that took turns would do so in step with their members.
std::optional<std::size_t> dehb::rung_for(trial_id trial) const {
  std::vector<std::size_t> complete;
  for (std::size_t i = 0; i < rungs_.size() && axes_.size() > 0; ++i)
    if (rungs_[i].is_complete())
      complete.push_back(i);
  if (complete.empty())
    return std::nullopt;
  return complete[static_cast<std::size_t>(chance(seed_, "dehb rung", trial.value).below(complete.size()))];
}

const std::vector<double>& dehb::target_at(std::size_t rung, trial_id trial) const {
  const auto& there = rungs_[rung];
  return there.members()[there.turn_of(trial)].numbers;
}

/// Of the rung below as many as this one has; of the lowest all. Where those are too few, as trials jumped over the
/// rung below: of all rungs.
differential_parents dehb::parents_at(std::size_t rung, const std::vector<double>& target) const {
  std::vector<const differential_population::member*> chosen;
  for (const auto& each : rungs_[rung == 0 ? 0 : rung - 1].members())
    chosen.push_back(&each);
  if (rung > 0) {
    std::stable_sort(chosen.begin(), chosen.end(), [](const auto* a, const auto* b) { return a->how < b->how; });
    chosen.resize(std::min(chosen.size(), rungs_[rung].full_size()));
  }
  differential_parents made{target, {}, 0, habits()};
  const auto add = [&](const differential_population::member& each) {
    if (each.numbers != target) // It may have come from there.
      made.pool.push_back(&each.numbers);
  };
  for (const auto* each : chosen)
    add(*each);
  if (made.pool.size() < parents) {
    made.pool.clear();
    for (const auto& each : rungs_)
      std::for_each(each.members().begin(), each.members().end(), add);
  }
  made.own = made.pool.size();
  return made;
}

design_search::drawn dehb::next(trial_id trial, const ranks& in_batch) {
  if (const auto rung = rung_for(trial)) {
    const auto of = parents_at(*rung, target_at(*rung, trial));
    if (of.pool.size() >= parents)
      if (auto made = child_to_try({plan_, axes_, design_}, in_batch, of, seed_, "dehb", trial))
        return {std::move(made), {}};
  }
  return design_.draw(trial, in_batch);
}

/// At all rungs: how well it would have done with fewer iterations is not known.
void dehb::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  std::vector<double> numbers(axes_.size(), 0.5);
  axes_.read(values, numbers);
  known_.push_back({trial_course().at_end(trial_outcome::completed, losses), std::move(numbers), habits()});
  for (auto& each : rungs_)
    each.join(known_.back());
}

void dehb::on_created(trial_id trial, const config& values) {
  if (pending_.count(trial) != 0)
    return;
  design_.on_created(trial, values);
  pending made{{}, std::vector<double>(axes_.size(), 0.5)};
  if (const auto rung = rung_for(trial)) // What is not there is as in its target.
    made.numbers = target_at(*rung, trial);
  axes_.read(values, made.numbers);
  pending_.emplace(trial, std::move(made));
}

void dehb::compete(std::size_t rung, trial_id trial, const pending& which, const trial_standing& how) {
  auto& there = rungs_[rung];
  if (there.is_complete())
    there.challenge(there.turn_of(trial), {how, which.numbers, habits(), trial});
  else
    there.join({how, which.numbers, habits(), trial});
}

void dehb::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto& which = found->second;
  ladder_.open_above(iteration);
  while (rungs_.size() < ladder_.size())
    open_rung();
  const auto reached = ladder_.reached_at(iteration);
  if (reached <= which.passed)
    return;
  which.passed = reached; // Those between say nothing: it has jumped over them.
  compete(reached - 1, trial, which, which.course.at_end(trial_outcome::completed, losses));
}

void dehb::on_constraints(trial_id trial, const std::vector<double>& violations) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  found->second.course.on_constraints(violations);
  judge_anew(trial, found->second, trial_outcome::completed);
}

/// Where it is a member, at whatever rungs: what was seen of it since counts there too.
void dehb::judge_anew(trial_id trial, const pending& which, trial_outcome how) {
  for (auto& rung : rungs_)
    for (std::size_t i = 0; i < rung.members().size(); ++i)
      if (const auto& each = rung.members()[i]; each.trial == trial)
        rung.judge_anew(i, which.course.at_end(how, {each.how.loss}));
}

/// What it has not reached says nothing; but one that failed is not to have children.
void dehb::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  const auto& which = found->second;
  if (how == trial_outcome::failed)
    judge_anew(trial, which, how);
  else if (how == trial_outcome::completed && which.passed == 0)
    compete(0, trial, which, which.course.at_end(how, losses));
  pending_.erase(found);
}

} // namespace tune
