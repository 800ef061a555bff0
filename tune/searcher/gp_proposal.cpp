#include "tune/searcher/gp_proposal.hpp"

#include "tune/searcher/bounded_minimum.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tune {
namespace {

constexpr std::size_t most_candidates = 1024;
constexpr std::size_t least_candidates = 256;
constexpr std::size_t candidates_by_trials = 64'000; ///< Divided by how many trials the model knows: what each costs.
constexpr std::size_t most_starts = 8;
constexpr std::size_t starts_by_trials = 800;
constexpr std::size_t least_starts = 3;
constexpr int most_rounds = 20;
constexpr int steps_of_slope = 20;
constexpr double noticeable = 1e-9;
constexpr std::size_t most_choices = 64; ///< Of more, some are looked at.
constexpr std::size_t choices_looked_at = 16;
constexpr double dimensions_moved = 20; ///< From the best trials, on average.

std::size_t by_trials(std::size_t budget, std::size_t trials, std::size_t least, std::size_t most) {
  return std::min(std::max(budget / std::max<std::size_t>(trials, 1), least), most);
}

Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

} // namespace

double gp_proposal::low(std::size_t i) const {
  return with_.box && !with_.space.is_discrete(i) ? with_.box->low[at(i)] : 0;
}

double gp_proposal::high(std::size_t i) const {
  return with_.box && !with_.space.is_discrete(i) ? with_.box->high[at(i)] : 1;
}

void gp_proposal::add(candidates& to, std::vector<double> units) const {
  auto where = with_.space.place_of(units, with_.may_be, with_.random);
  if (where)
    to.push_back({std::move(units), std::move(*where)});
}

void gp_proposal::value(candidates& which) const {
  acquisition::points points(at(which.size()), at(with_.space.dimensions()));
  for (std::size_t i = 0; i < which.size(); ++i)
    points.row(at(i)) = which[i].where.point.transpose();
  const auto values = with_.expected.log_improvement(points);
  for (std::size_t i = 0; i < which.size(); ++i)
    which[i].value = values[at(i)];
}

/// Everywhere; with a trust region, in it, and only in some dimensions away from the best.
std::vector<double> gp_proposal::spread(std::size_t i) const {
  const auto keys = with_.random.branch("spread", 0);
  const auto moved = with_.random.branch("moved", i);
  const auto dimensions = with_.space.dimensions();
  const double share = dimensions_moved / static_cast<double>(dimensions);
  std::vector<double> units;
  for (std::size_t j = 0; j < dimensions; ++j) {
    const double u = j < with_.sequence.dimensions()
                       ? unit_of(scrambled(with_.sequence.at(i, j), static_cast<std::uint32_t>(keys.bits(j))))
                       : moved.unit(dimensions + j);
    const bool stays = with_.box && !with_.best.empty() && moved.unit(j) >= share;
    units.push_back(stays ? with_.best.front()[j] : low(j) + (high(j) - low(j)) * u);
  }
  return units;
}

/// One of the best three, with some of its dimensions changed by a little: in many dimensions nothing else is found
/// that is better (Papenmeier et al. 2025).
std::vector<double> gp_proposal::near_best(std::size_t i) const {
  auto random = with_.random.branch("near", i);
  auto units = with_.best[i % with_.best.size()];
  const double share = dimensions_moved / static_cast<double>(units.size());
  std::size_t discrete = 0;
  for (std::size_t j = 0; j < units.size(); ++j)
    discrete += with_.space.is_discrete(j) ? 1 : 0;
  for (std::size_t j = 0; j < units.size(); ++j) {
    const bool moves = random.unit() < (with_.space.is_discrete(j) ? 1.0 / static_cast<double>(discrete) : share);
    const double by = random.normal();
    const double anywhere = random.unit();
    if (!moves)
      continue;
    const double deviation = std::min(std::max(0.1 * with_.lengths[at(j)], 0.005), 0.3);
    units[j] = with_.space.is_discrete(j) ? anywhere : std::min(std::max(units[j] + deviation * by, low(j)), high(j));
  }
  return units;
}

gp_proposal::candidates gp_proposal::first_candidates() const {
  const auto count = by_trials(candidates_by_trials, with_.ended, least_candidates, most_candidates);
  candidates all;
  for (const auto& each : with_.best)
    add(all, each);
  for (std::size_t i = 0; i < count; ++i)
    add(all, spread(i));
  for (std::size_t i = 0; i < count / 4 && !with_.best.empty(); ++i)
    add(all, near_best(i));
  value(all);
  return all;
}

/// The best, the best trial, and of the others by chance: the more promising the more often.
std::vector<std::size_t> gp_proposal::starts(const candidates& all) const {
  const auto count = std::min(by_trials(starts_by_trials, with_.ended, least_starts, most_starts), all.size());
  const auto best =
    std::max_element(all.begin(), all.end(), [](const candidate& a, const candidate& b) { return a.value < b.value; });
  std::vector<std::size_t> chosen = {static_cast<std::size_t>(best - all.begin())};
  if (chosen.front() != 0 && count > 1)
    chosen.push_back(0);
  auto random = with_.random.branch("starts", 0);
  std::vector<double> chances;
  for (const auto& each : all)
    chances.push_back(std::exp(each.value - best->value));
  while (chosen.size() < count) {
    for (const auto each : chosen)
      chances[each] = 0;
    const double sum = std::accumulate(chances.begin(), chances.end(), 0.0);
    if (!(sum > 0))
      break;
    double left = random.unit() * sum;
    std::size_t i = 0;
    while (i + 1 < all.size() && left >= chances[i])
      left -= chances[i++];
    if (chances[i] == 0) // Rounding led to one that is chosen already.
      break;
    chosen.push_back(i);
  }
  return chosen;
}

bool gp_proposal::take_best(candidate& x, candidates alternatives) const {
  if (alternatives.empty())
    return false;
  value(alternatives);
  auto best = std::max_element(alternatives.begin(), alternatives.end(),
                               [](const candidate& a, const candidate& b) { return a.value < b.value; });
  if (!(best->value > x.value + noticeable))
    return false;
  x = std::move(*best);
  return true;
}

/// All numbers at once: in lengths of the model, so that each counts as much.
bool gp_proposal::follow_slope(candidate& x) const {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < with_.space.dimensions(); ++i)
    if (!with_.space.is_discrete(i) && x.where.is_active(i))
      free.push_back(i);
  if (free.empty())
    return false;
  Eigen::VectorXd from(at(free.size()));
  Eigen::VectorXd lower(from.size());
  Eigen::VectorXd upper(from.size());
  for (std::size_t j = 0; j < free.size(); ++j) {
    const double length = with_.lengths[at(free[j])];
    lower[at(j)] = low(free[j]) / length;
    upper[at(j)] = high(free[j]) / length;
    from[at(j)] = std::min(std::max(x.where.point[at(free[j])] / length, lower[at(j)]), upper[at(j)]);
  }
  Eigen::VectorXd point = x.where.point;
  Eigen::VectorXd slopes;
  const smooth_function negative = [&](const Eigen::VectorXd& z, Eigen::VectorXd& gradient) {
    for (std::size_t j = 0; j < free.size(); ++j)
      point[at(free[j])] = z[at(j)] * with_.lengths[at(free[j])];
    const double found = with_.expected.log_improvement(point, slopes);
    gradient.resize(z.size());
    for (std::size_t j = 0; j < free.size(); ++j)
      gradient[at(j)] = -slopes[at(free[j])] * with_.lengths[at(free[j])];
    return -found;
  };
  bounded_minimum_options options;
  options.iterations = steps_of_slope;
  const auto found = descend(negative, from, lower, upper, options);
  auto units = x.units;
  for (std::size_t j = 0; j < free.size(); ++j)
    units[free[j]] = std::min(std::max(found.where[at(j)] * with_.lengths[at(free[j])], low(free[j])), high(free[j]));
  candidates there;
  add(there, std::move(units));
  return take_best(x, std::move(there));
}

/// Every other value of one dimension, or some of very many.
bool gp_proposal::exchange(candidate& x, std::size_t dimension) const {
  const auto& axis = with_.space.axis(dimension);
  const auto now = axis.cell_at(x.units[dimension]);
  candidates others;
  const auto look_at = [&](std::uint64_t cell) {
    if (cell == now)
      return;
    auto units = x.units;
    units[dimension] = axis.middle_of(cell);
    add(others, std::move(units));
  };
  if (axis.count() <= most_choices)
    for (std::uint64_t cell = 0; cell < axis.count(); ++cell)
      look_at(cell);
  else {
    auto random = with_.random.branch("choices", dimension);
    for (std::size_t i = 0; i < choices_looked_at; ++i)
      look_at(random.below(axis.count()));
    for (const auto& each : with_.best)
      look_at(axis.cell_at(each[dimension]));
  }
  return take_best(x, std::move(others));
}

void gp_proposal::improve(candidate& x) const {
  for (int round = 0; round < most_rounds; ++round) {
    bool is_better = follow_slope(x);
    bool any_discrete = false;
    for (std::size_t i = 0; i < with_.space.dimensions(); ++i)
      if (with_.space.is_discrete(i) && x.where.is_active(i)) {
        any_discrete = true;
        is_better = exchange(x, i) || is_better;
      }
    if (!is_better || !any_discrete)
      return;
  }
}

bool gp_proposal::is_tried(const candidate& x) const {
  return std::find(with_.tried.begin(), with_.tried.end(), x.where.point) != with_.tried.end();
}

std::optional<std::vector<double>> gp_proposal::find() const {
  auto all = first_candidates();
  if (all.empty())
    return std::nullopt;
  for (const auto i : starts(all))
    improve(all[i]);
  std::stable_sort(all.begin(), all.end(), [](const candidate& a, const candidate& b) { return a.value > b.value; });
  const auto best = std::find_if_not(all.begin(), all.end(), [&](const candidate& each) { return is_tried(each); });
  return best == all.end() ? all.front().units : best->units;
}

} // namespace tune
