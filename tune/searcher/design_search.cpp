#include "tune/searcher/design_search.hpp"

#include "tune/searcher/shuffled_index.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t redraws = 1'000;            ///< For a constraint.
constexpr std::uint64_t redraws_of_taken = 20;      ///< Then whatever is left is looked for in order.
constexpr std::uint64_t most_looked_at = 1'000'000; ///< Points, by one ask.

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b ? std::numeric_limits<std::uint64_t>::max()
                                                                     : a * b;
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

/// The points of the whole space, if there are finitely many and more than one.
std::optional<finite_points> points_of(const space_plan& plan) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (!plan.at(i).count)
      return std::nullopt;
    axes.push_back(i);
  }
  auto all = finite_points::of(plan, axes);
  if (all && all->ranks() == 1) // Nothing is searched: the user wants this configuration so often.
    return std::nullopt;
  return all;
}

} // namespace

design_search::design_search(const searcher_setup& setup, maker how, design_search_options options)
  : plan_(setup.space),
    seed_(setup.seed),
    samples_(setup.samples),
    points_(setup.points),
    options_(options),
    cells_(plan_, options.crossed) {
  const auto repeats = cells_.has_axes() ? setup.samples : setup.samples - std::min(setup.samples, setup.points);
  design_ = how(plan_, {setup.seed, repeats});
  if (!cells_.has_axes() && !options_.repeat)
    finite_ = points_of(plan_);
}

std::vector<std::string> design_search::mistakes(const search_space& space, crossing what) {
  return grid_cells::mistakes(space_plan(space), what);
}

std::uint64_t design_search::trials(const searcher_setup& setup, crossing what) {
  const space_plan plan(setup.space);
  const grid_cells cells(plan, what);
  return cells.has_axes() ? sum(setup.points, product(setup.samples, cells.count()))
                          : std::max(setup.points, setup.samples);
}

searcher_abilities design_search::abilities() const {
  searcher_abilities can;
  can.several_objectives = true; // It looks at none of them.
  can.finite_only = options_.crossed == crossing::everything;
  return can;
}

asked design_search::ask(const std::vector<trial_id>& trials) {
  asked answer;
  std::unordered_set<std::uint64_t> in_batch;
  for (const auto trial : trials) {
    auto next = draw(trial, in_batch);
    if (!next.values) {
      answer.how = ask_outcome::exhausted;
      answer.reason = std::move(next.why_not);
      return answer;
    }
    if (const auto rank = rank_of(*next.values))
      in_batch.insert(*rank);
    answer.proposals.push_back({trial, std::move(*next.values)});
  }
  return answer;
}

void design_search::on_known(const config& values, const std::vector<double>& /*losses*/) {
  if (const auto rank = rank_of(values))
    taken_.insert(*rank);
}

void design_search::on_created(trial_id /*trial*/, const config& values) {
  on_known(values, {});
}

design_search::drawn design_search::draw(trial_id trial, const std::unordered_set<std::uint64_t>& in_batch) const {
  // The user's points are the first trials; who asks for one of those nevertheless gets what an experiment without
  // points would have tried.
  const auto turn = trial.value > points_ ? trial.value - 1 - points_ : trial.value - 1;
  if (!cells_.has_axes())
    return draw_in_turn({trial.value, 0, turn}, in_batch);
  if (cells_.count() == 0 || turn / cells_.count() >= samples_)
    return {std::nullopt, samples_ == 1 ? "every point of the grid was proposed"
                                        : fmt::format("every point of the grid was proposed {} times", samples_)};
  const auto repeat = turn / cells_.count();
  auto cell = turn % cells_.count();
  if (options_.shuffle)
    cell = shuffled_index(cell, cells_.count(), chance(*options_.shuffle, "grid", repeat).bits(0));
  return draw_in_turn({trial.value, cell, repeat}, in_batch);
}

design_search::drawn design_search::draw_in_turn(const design::turn& turn,
                                                 const std::unordered_set<std::uint64_t>& in_batch) const {
  const auto fixed = cells_.has_axes() ? cells_.values_at(turn.cell) : space_plan::values();
  std::vector<double> units(plan_.size());
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < redraws; ++i) {
    const chance random(seed_, i == 0 ? "first draw" : "redraw", turn.trial);
    if (i == 0)
      design_->place(turn, units);
    else
      for (std::size_t j = 0; j < units.size(); ++j)
        units[j] = random.unit(i * units.size() + j);
    auto functions = random.branch("sample_from", i);
    auto made = plan_.complete(units, fixed, functions);
    if (!made || !plan_.check(*made))
      continue;
    if (!is_taken(*made, in_batch))
      return {std::move(*made), {}};
    if (++taken == redraws_of_taken)
      break;
  }
  if (finite_)
    return next_untried(in_batch);
  auto any = cells_.any_in(plan_, turn.cell); // Constraints that hold for very few: the one that is known.
  if (any)
    return {std::move(*any), {}};
  return {std::nullopt, "no configuration was found that can be tried: " + any.error().message};
}

design_search::drawn design_search::next_untried(const std::unordered_set<std::uint64_t>& in_batch) const {
  std::uint64_t looked_at = 0;
  bool all_before_are_taken = true; // Other than by this batch, which may come to nothing.
  for (auto rank = finite_->at_or_after(first_free_); rank; rank = finite_->at_or_after(*rank + 1)) {
    if (++looked_at > most_looked_at)
      return {std::nullopt, fmt::format("no further point was found among {} that can be tried", most_looked_at)};
    if (taken_.count(*rank) == 0) {
      if (in_batch.count(*rank) != 0) {
        all_before_are_taken = false;
        continue;
      }
      if (auto made = plan_.draw(finite_->values_at(*rank), chance(seed_, "untried", *rank), 0))
        return {std::move(*made), {}};
    }
    if (all_before_are_taken)
      first_free_ = *rank + 1;
  }
  return {std::nullopt, "every point of the space was proposed"};
}

bool design_search::is_taken(const config& values, const std::unordered_set<std::uint64_t>& in_batch) const {
  const auto rank = rank_of(values);
  return rank && (taken_.count(*rank) != 0 || in_batch.count(*rank) != 0);
}

std::optional<std::uint64_t> design_search::rank_of(const config& values) const {
  return finite_ ? finite_->rank_of(values) : std::nullopt;
}

} // namespace tune
