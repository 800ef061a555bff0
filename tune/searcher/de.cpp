#include "tune/searcher/de.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t attempts = 30; ///< To find a child that can be tried; then a point by chance.

// Of self-adapting habits (Brest et al. 2006).
constexpr double changed = 0.1; ///< So often.
constexpr double least_weight = 0.1;
constexpr double weight_range = 0.9;

design_search_options design_options(const de_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

/// Three members that are not this one, nor each other.
std::array<std::size_t, 3> others(std::size_t than, std::size_t count, chance& random) {
  std::array<std::size_t, 3> chosen{};
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto is_new = [&](std::size_t x) {
      return x != than && std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), x) ==
                            chosen.begin() + static_cast<std::ptrdiff_t>(i);
    };
    do
      chosen[i] = static_cast<std::size_t>(random.below(count));
    while (!is_new(chosen[i]));
  }
  return chosen;
}

} // namespace

de::de(const searcher_setup& setup, const de_search_options& options)
  : plan_(setup.space),
    axes_(plan_),
    seed_(setup.seed),
    options_(options),
    design_(setup, sobol_design, design_options(options)) {
}

std::vector<std::string> de::mistakes(const search_space& space, const de_search_options& options) {
  std::vector<std::string> found;
  if (options.population < 4 || options.population > 10'000)
    found.push_back(fmt::format("searcher de: population is {}, but must be 4 to 10000", options.population));
  if (!(options.weight > 0 && options.weight <= 2))
    found.push_back(fmt::format("searcher de: weight is {}, but must be above 0 and at most 2", options.weight));
  if (!(options.crossover >= 0 && options.crossover <= 1))
    found.push_back(fmt::format("searcher de: crossover is {}, but must be 0 to 1", options.crossover));
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

std::size_t de::target_of(trial_id trial) const {
  return static_cast<std::size_t>(trial.value % population_.size());
}

/// Those of its target, at times with another number: what makes good children stays.
de::habits de::habits_of(trial_id trial) const {
  auto with = population_[target_of(trial)].with;
  if (!options_.self_adapting)
    return with;
  chance random(seed_, "de habits", trial.value);
  if (random.happens(changed))
    with.weight = least_weight + weight_range * random.unit();
  if (random.happens(changed))
    with.crossover = random.unit();
  return with;
}

std::vector<double> de::child_of(std::size_t target, const habits& with, const chance& random) const {
  auto parents = random.branch("parents", 0);
  const auto [a, b, c] = others(target, population_.size(), parents);
  const auto from_mutant = static_cast<std::size_t>(parents.below(axes_.size())); // One at least.
  auto numbers = population_[target].numbers;
  auto crossing = random.branch("crossing", 0);
  for (std::size_t j = 0; j < axes_.size(); ++j) {
    const bool crosses = crossing.happens(with.crossover);
    const double anywhere = crossing.unit();
    if (!crosses && j != from_mutant)
      continue;
    const double x = population_[a].numbers[j] + with.weight * (population_[b].numbers[j] - population_[c].numbers[j]);
    numbers[j] = x >= 0 && x <= 1 ? x : anywhere;
  }
  return numbers;
}

/// None: no child can be tried that is not its target again.
std::optional<config> de::evolved(trial_id trial, const ranks& in_batch) const {
  const auto target = target_of(trial);
  const auto with = habits_of(trial);
  for (std::uint64_t i = 0; i < attempts; ++i) {
    const chance random(seed_, "de", trial.value * attempts + i);
    const auto numbers = child_of(target, with, random);
    auto made = axes_.config_at(numbers, random);
    if (!made || !plan_.check(*made) || design_.is_taken(*made, in_batch))
      continue;
    auto as_it_is = numbers;
    axes_.read(*made, as_it_is);
    if (as_it_is != population_[target].numbers)
      return std::move(*made);
  }
  return std::nullopt;
}

asked de::ask(const std::vector<trial_id>& trials) {
  asked answer;
  ranks in_batch;
  for (const auto trial : trials) {
    auto values = is_complete() && axes_.size() > 0 ? evolved(trial, in_batch) : std::nullopt;
    if (!values) {
      auto made = design_.draw(trial, in_batch);
      if (!made.values) {
        answer.how = ask_outcome::exhausted;
        answer.reason = std::move(made.why_not);
        break;
      }
      values = std::move(made.values);
    }
    if (const auto rank = design_.rank_of(*values))
      in_batch.insert(*rank);
    answer.proposals.push_back({trial, std::move(*values)});
  }
  return answer;
}

/// Takes its place among the first ones, or that of the worst.
void de::join(member which) {
  if (!is_complete()) {
    population_.push_back(std::move(which));
    return;
  }
  const auto worst = std::max_element(population_.begin(), population_.end(),
                                      [](const member& a, const member& b) { return a.how < b.how; });
  if (which.how < worst->how)
    *worst = std::move(which);
}

void de::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  member known{trial_course().at_end(trial_outcome::completed, losses),
               std::vector<double>(axes_.size(), 0.5),
               {options_.weight, options_.crossover}};
  axes_.read(values, known.numbers);
  if (known.how.how != trial_standing::kind::failed)
    join(std::move(known));
}

void de::on_created(trial_id trial, const config& values) {
  if (pending_.count(trial) != 0)
    return;
  design_.on_created(trial, values);
  pending made{{}, std::nullopt, std::vector<double>(axes_.size(), 0.5), {options_.weight, options_.crossover}};
  if (is_complete()) { // What is not there is as in its target.
    made.target = target_of(trial);
    made.numbers = population_[*made.target].numbers;
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
  member made{which.course.at_end(how, losses), std::move(which.numbers), which.with};
  if (made.how.how == trial_standing::kind::failed)
    return;
  if (!which.target)
    join(std::move(made));
  else if (!(population_[*which.target].how < made.how))
    population_[*which.target] = std::move(made);
}

} // namespace tune
