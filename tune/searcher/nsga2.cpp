#include "tune/searcher/nsga2.hpp"

#include "tune/searcher/crowded_order.hpp"
#include "tune/searcher/genetic_operators.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t attempts = 30; ///< To find a child that can be tried; then a point of the design.
constexpr double eta_of_several = 20;  ///< Objectives (Deb et al. 2002).
constexpr double eta_of_one = 2;       ///< As Optuna's.

using variation = nsga2_search_options::variation;

design_search_options design_options(const nsga2_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

std::uint64_t key_of(trial_id trial) {
  return (std::uint64_t{1} << 62) + trial.value; // Behind what was known before.
}

} // namespace

nsga2::nsga2(const searcher_setup& setup, const nsga2_search_options& options)
  : plan_(setup.space),
    axes_(plan_),
    seed_(setup.seed),
    options_(options),
    size_(static_cast<std::size_t>(options.population)),
    eta_(setup.objectives > 1 ? eta_of_several : eta_of_one),
    design_(setup, sobol_design, design_options(options)) {
}

std::vector<std::string> nsga2::mistakes(const search_space& space, const nsga2_search_options& options) {
  std::vector<std::string> found;
  if (options.population < 2 || options.population > 10'000)
    found.push_back(fmt::format("searcher nsga2: population is {}, but must be 2 to 10000", options.population));
  const auto check = [&](const char* option, double is) {
    if (!(is >= 0 && is <= 1))
      found.push_back(fmt::format("searcher nsga2: {} is {}, but must be 0 to 1", option, is));
  };
  check("crossover", options.crossover);
  check("swapping", options.swapping);
  check("mutation", options.mutation.value_or(0));
  for (auto& each : mistakes_of_crossed("nsga2", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities nsga2::abilities() const {
  searcher_abilities can;
  can.several_objectives = true;
  can.grids = false;
  can.learns = true;
  return can;
}

design_search::drawn nsga2::next(trial_id trial, const ranks& in_batch) {
  auto values = parents_.empty() || axes_.size() == 0 ? std::nullopt : evolved(trial, in_batch);
  return values ? design_search::drawn{std::move(values), {}} : design_.draw(trial, in_batch);
}

void nsga2::suppose(trial_id trial, const config& values) {
  if (const auto what = digest_of(values); tried_.insert(what).second)
    supposed_.emplace(trial, what);
}

void nsga2::withdraw(trial_id trial) {
  if (const auto found = supposed_.find(trial); found != supposed_.end()) {
    tried_.erase(found->second);
    supposed_.erase(found);
  }
}

std::optional<std::uint64_t> nsga2::rank_of(const config& values) const {
  return design_.rank_of(values);
}

/// The winner of a binary tournament: the population is in its order.
std::size_t nsga2::parent_of(trial_id trial) const {
  chance random(seed_, "nsga2 parent", trial.value);
  const auto a = random.below(size_);
  const auto b = random.below(size_);
  return static_cast<std::size_t>(std::min(a, b));
}

/// Another one, also a winner.
std::size_t nsga2::mate_of(std::size_t parent, chance random) const {
  const auto a = random.below(size_ - 1);
  const auto b = random.below(size_ - 1);
  const auto among_others = static_cast<std::size_t>(std::min(a, b));
  return among_others < parent ? among_others : among_others + 1;
}

std::vector<double> nsga2::child_of(std::size_t parent, const chance& random) const {
  const auto& of = parents_[parent].with;
  auto numbers = of.numbers;
  const bool is_near = options_.children == variation::simulated_binary;
  if (random.unit(0) < options_.crossover) {
    const auto& mate = parents_[mate_of(parent, random.branch("mate", 0))].with.numbers;
    const auto crossing = random.branch("crossing", 0);
    if (is_near)
      cross_binary(axes_, numbers, mate, options_.swapping, eta_, crossing);
    else
      cross_uniformly(numbers, mate, options_.swapping, crossing);
  }
  const double probability = options_.mutation.value_or(1 / static_cast<double>(std::max<std::size_t>(of.active, 1)));
  const auto mutating = random.branch("mutation", 0);
  if (is_near)
    mutate_nearby(axes_, numbers, probability, eta_, mutating);
  else
    mutate_anywhere(numbers, probability, mutating);
  return numbers;
}

/// None: no child was found that can be tried and is new, or may be tried again.
std::optional<config> nsga2::evolved(trial_id trial, const ranks& in_batch) const {
  const auto parent = parent_of(trial);
  std::optional<config> again;
  for (std::uint64_t i = 0; i < attempts; ++i) {
    const chance random(seed_, "nsga2", trial.value * attempts + i);
    auto made = axes_.config_at(child_of(parent, random), random);
    if (!made || !plan_.check(*made) || design_.is_taken(*made, in_batch))
      continue;
    if (tried_.count(digest_of(*made)) == 0)
      return std::move(*made);
    if (options_.repeat && !again)
      again = std::move(*made);
  }
  return again;
}

std::vector<double> nsga2::anywhere(key which) const {
  const chance random(seed_, "nsga2 anywhere", which);
  std::vector<double> numbers(axes_.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = random.unit(i);
  return numbers;
}

/// `others`: the numbers of what is not in the configuration.
nsga2::genes nsga2::genes_of(const config& values, std::vector<double> others) const {
  genes made{std::move(others), 0};
  made.active = axes_.read(values, made.numbers);
  return made;
}

/// FNV-1a of its numbers. That two are the same by chance only costs another attempt.
nsga2::digest nsga2::digest_of(const config& values) const {
  std::vector<double> numbers(axes_.size(), -1);
  axes_.read(values, numbers);
  digest made = 14695981039346656037u;
  for (const double each : numbers) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &each, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8)
      made = (made ^ ((bits >> shift) & 0xff)) * 1099511628211u;
  }
  return made;
}

void nsga2::remember(const config& values) {
  const auto what = digest_of(values);
  if (!tried_.insert(what).second)
    return;
  tried_in_order_.push_back(what);
  if (tried_in_order_.size() > most_remembered) {
    tried_.erase(tried_in_order_.front());
    tried_in_order_.pop_front();
  }
}

void nsga2::join(member which) {
  if (which.how.how == trial_standing::kind::failed)
    return;
  ended_.push_back(std::move(which));
  if (ended_.size() < size_)
    return;
  auto all = std::move(parents_);
  std::move(ended_.begin(), ended_.end(), std::back_inserter(all));
  ended_.clear();
  std::sort(all.begin(), all.end(), [](const member& a, const member& b) { return a.which < b.which; });
  std::vector<trial_standing> standings;
  for (const auto& each : all)
    standings.push_back(each.how);
  auto order = crowded_order(standings);
  order.resize(size_);
  parents_.clear();
  for (const auto i : order)
    parents_.push_back(std::move(all[i]));
}

void nsga2::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  remember(values);
  const auto which = known_++;
  join({which, trial_course().at_end(trial_outcome::completed, losses), genes_of(values, anywhere(which))});
}

/// What is not in its configuration is as in its parent, as it was not tried; of the first ones by chance.
void nsga2::on_created(trial_id trial, const config& values) {
  if (pending_.count(trial) != 0)
    return;
  design_.on_created(trial, values);
  remember(values);
  auto others = parents_.empty() ? anywhere(key_of(trial)) : parents_[parent_of(trial)].with.numbers;
  pending_.emplace(trial, pending{{}, genes_of(values, std::move(others))});
}

void nsga2::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& /*losses*/) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_report(iteration);
}

void nsga2::on_constraints(trial_id trial, const std::vector<double>& violations) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_constraints(violations);
}

void nsga2::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto which = std::move(found->second);
  pending_.erase(found);
  if (how != trial_outcome::ignored)
    join({key_of(trial), which.course.at_end(how, losses), std::move(which.with)});
}

} // namespace tune
