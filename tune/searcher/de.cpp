#include "tune/searcher/de.hpp"

namespace tune {
namespace {

// Of self-adapting habits (Brest et al. 2006).
constexpr double changed = 0.1; ///< So often.
constexpr double least_weight = 0.1;
constexpr double weight_range = 0.9;

design_search_options design_options(const de_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

} // namespace

de::de(const searcher_setup& setup, const de_search_options& options)
  : plan_(setup.space),
    axes_(plan_),
    seed_(setup.seed),
    options_(options),
    design_(setup, sobol_design, design_options(options)),
    population_(static_cast<std::size_t>(options.population)) {
}

std::vector<std::string> de::mistakes(const search_space& space, const de_search_options& options) {
  auto found = differential_mistakes("de", options.population, options.weight, options.crossover);
  for (auto& each : mistakes_of_crossed("de", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities de::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

/// Those of its target, at times with another number: what makes good children stays.
differential_habits de::habits_of(trial_id trial) const {
  auto with = population_.members()[population_.turn_of(trial)].with;
  if (!options_.self_adapting)
    return with;
  chance random(seed_, "de habits", trial.value);
  if (random.happens(changed))
    with.weight = least_weight + weight_range * random.unit();
  if (random.happens(changed))
    with.crossover = random.unit();
  return with;
}

std::optional<config> de::evolved(trial_id trial, const ranks& in_batch) const {
  const auto target = population_.turn_of(trial);
  differential_parents parents{population_.members()[target].numbers, {}, target, habits_of(trial)};
  for (const auto& each : population_.members())
    parents.pool.push_back(&each.numbers);
  return child_to_try({plan_, axes_, design_}, in_batch, parents, seed_, "de", trial);
}

design_search::drawn de::next(trial_id trial, const ranks& in_batch) {
  if (population_.is_complete() && axes_.size() > 0)
    if (auto made = evolved(trial, in_batch))
      return {std::move(made), {}};
  return design_.draw(trial, in_batch);
}

void de::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  std::vector<double> numbers(axes_.size(), 0.5);
  axes_.read(values, numbers);
  population_.join({trial_course().at_end(trial_outcome::completed, losses), std::move(numbers), usual()});
}

void de::on_created(trial_id trial, const config& values) {
  if (pending_.count(trial) != 0)
    return;
  design_.on_created(trial, values);
  pending made{{}, std::nullopt, std::vector<double>(axes_.size(), 0.5), usual()};
  if (population_.is_complete()) { // What is not there is as in its target.
    made.target = population_.turn_of(trial);
    made.numbers = population_.members()[*made.target].numbers;
    made.with = habits_of(trial);
  }
  axes_.read(values, made.numbers);
  pending_.emplace(trial, std::move(made));
}

void de::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& /*losses*/) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_report(iteration);
}

void de::on_constraints(trial_id trial, const std::vector<double>& violations) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_constraints(violations);
}

void de::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto which = std::move(found->second);
  pending_.erase(found);
  if (how == trial_outcome::ignored)
    return;
  differential_population::member made{which.course.at_end(how, losses), std::move(which.numbers), which.with, trial};
  if (which.target)
    population_.challenge(*which.target, std::move(made));
  else
    population_.join(std::move(made));
}

} // namespace tune
