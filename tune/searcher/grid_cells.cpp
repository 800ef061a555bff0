#include "tune/searcher/grid_cells.hpp"

#include "tune/space/domain_values.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t tries = 1'000;             ///< Draws until a cell is taken for empty,
constexpr std::uint64_t least_tries = 10;          ///< or so many,
constexpr std::uint64_t tries_of_all = 10'000'000; ///< if there are many cells.

bool is_grid(const space_plan::dimension& x) {
  return std::holds_alternative<domain::crossed>(x.what.get());
}

bool is_always_the_same(const space_plan::dimension& x) {
  return std::holds_alternative<domain::constant>(x.what.get()) && x.links.empty();
}

bool is_function(const space_plan::dimension& x) {
  return std::holds_alternative<domain::sampled>(x.what.get());
}

std::vector<std::size_t> axes_of(const space_plan& plan, crossing what) {
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (is_grid(plan.at(i)) || (what == crossing::everything && plan.at(i).count))
      axes.push_back(i);
  return axes;
}

/// Once where nothing is left to chance.
std::uint64_t tries_for(const space_plan& plan, const std::vector<std::size_t>& axes, std::uint64_t cells) {
  std::size_t decided = axes.size();
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (plan.at(i).count == 1 && std::find(axes.begin(), axes.end(), i) == axes.end())
      ++decided;
  return decided == plan.size() ? 1 : std::clamp(tries_of_all / cells, least_tries, tries);
}

chance chance_of(std::uint64_t cell) {
  return {0, "any of a cell", cell};
}

} // namespace

std::vector<std::string> grid_cells::mistakes(const space_plan& plan, crossing what) {
  std::vector<std::string> found;
  if (what == crossing::everything)
    for (const auto& each : plan.dimensions())
      if (!each.count && !is_function(each))
        found.push_back(fmt::format("space: \"{}\": grid search needs finitely many values, but {} has no end of them; "
                                    "give it a step, list some with grid, or use random search",
                                    each.name, description_of(each.what)));
  const auto axes = axes_of(plan, what);
  for (const auto axis : axes)
    for (const auto& link : plan.at(axis).links)
      if (const auto& parent = plan.at(link.parent);
          std::find(axes.begin(), axes.end(), link.parent) == axes.end() && !is_always_the_same(parent) &&
          (what == crossing::grids || is_function(parent))) // Others were told above.
        found.push_back(fmt::format("space: \"{}\": what is crossed can depend only on what is crossed, but \"{}\" is "
                                    "{}; make that a grid, or this a choice",
                                    plan.at(axis).name, parent.name, description_of(parent.what)));
  if (!found.empty())
    return found;
  const auto points = finite_points::of(plan, axes);
  if (!points)
    return {"space: its grid has more points than can be counted; use random search"};
  if (!points->has_conditions() && !plan.has_constraints())
    return {};
  std::uint64_t count = 0; // Each of these is looked at.
  for (auto rank = points->at_or_after(0); rank && count <= most_in_table; rank = points->at_or_after(*rank + 1))
    ++count;
  if (count > most_in_table)
    found.push_back(fmt::format("space: its grid has more than {} points, which is too many with conditions or "
                                "constraints; use random search",
                                most_in_table));
  return found;
}

grid_cells::grid_cells(const space_plan& plan, crossing what) {
  const auto axes = axes_of(plan, what);
  points_.push_back(finite_points::of(plan, axes).value());
  has_axes_ = !axes.empty();
  count_ = points_.front().ranks();
  if (!has_axes_ || (!points_.front().has_conditions() && !plan.has_constraints()))
    return;
  const auto each_tries = tries_for(plan, axes, count_);
  for (auto rank = points_.front().at_or_after(0); rank; rank = points_.front().at_or_after(*rank + 1))
    if (!plan.has_constraints() || plan.first_draw(points_.front().values_at(*rank), chance_of(*rank), each_tries))
      table_.push_back(*rank);
  count_ = table_.size();
}

space_plan::values grid_cells::values_at(std::uint64_t cell) const {
  return points_.front().values_at(table_.empty() ? cell : table_[cell]);
}

result<config> grid_cells::any_in(const space_plan& plan, std::uint64_t cell) const {
  const auto rank = table_.empty() ? cell : table_[cell];
  return plan.first_draw(points_.front().values_at(rank), chance_of(rank), 10 * tries);
}

} // namespace tune
