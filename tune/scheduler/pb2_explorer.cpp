#include "tune/scheduler/pb2_explorer.hpp"

#include "tune/scheduler/pb2_bound.hpp"
#include "tune/scheduler/pb2_kernel.hpp"
#include "tune/scheduler/pb2_scale.hpp"
#include "tune/searcher/bounded_minimum.hpp"
#include "tune/space/unit_encoding.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace tune {
namespace {

using vector = Eigen::VectorXd;
using matrix = Eigen::MatrixXd;

constexpr std::size_t most_rows = 1000;
constexpr std::size_t most_trying = 100;
constexpr Eigen::Index most_learned = 200;
constexpr std::size_t drawn = 200;       ///< Points of which the best are gone on from.
constexpr std::size_t climbers = 5;      ///< As well as from the donor's.
constexpr std::size_t most_wishes = 100; ///< For constraints.

/// Rows with the greatest time are the last ones.
vector parameters_of(const pb2_scale& scale) {
  const auto n = std::min(scale.gains().size(), most_learned);
  return pb2_kernel::fitted(scale.points().bottomRows(n), scale.gains().tail(n));
}

matrix points_of(const pb2_scale& scale, const std::vector<pb2_rows::trying>& all) {
  matrix points(static_cast<Eigen::Index>(all.size()), scale.points().cols());
  for (std::size_t i = 0; i < all.size(); ++i)
    points.row(static_cast<Eigen::Index>(i)) = scale.point(all[i].from, all[i].at).transpose();
  return points;
}

} // namespace

pb2_explorer::pb2_explorer(const pbt_options& options, const search_space& space)
  : plan_(space),
    modelled_(modelled(options, plan_)),
    others_(options, space),
    rows_(most_rows) {
}

std::vector<std::size_t> pb2_explorer::modelled(const pbt_options& options, const space_plan& plan) {
  const auto& names = options.parameters;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto* x = std::get_if<domain::numbers>(&plan.at(i).what.get());
    const bool is_named = names.empty() || std::find(names.begin(), names.end(), plan.at(i).name) != names.end();
    if (x != nullptr && !x->step && is_named)
      found.push_back(i);
  }
  return found;
}

pb2_rows::numbers pb2_explorer::numbers_of(const config& values) const {
  pb2_rows::numbers made;
  for (const auto i : modelled_) {
    const auto* x = values.find(plan_.at(i).name);
    made.push_back(x == nullptr ? 0.5 : to_unit(plan_.at(i).what, *x));
  }
  return made;
}

void pb2_explorer::on_trial_created(trial_id trial, const config& values) {
  rows_.on_trial_created(trial, numbers_of(values));
}

void pb2_explorer::on_result(const report& what) {
  rows_.on_result(what);
}

void pb2_explorer::on_exploited(trial_id trial, const exploit& with) {
  rows_.on_exploited(trial, with.donor, numbers_of(with.values));
}

void pb2_explorer::on_trial_end(trial_id trial) {
  rows_.on_trial_end(trial);
}

std::size_t pb2_explorer::least_rows() const {
  return std::max<std::size_t>(4, modelled_.size() + 1);
}

/// The best first.
std::vector<pb2_rows::numbers> pb2_explorer::best_numbers(trial_id trial, const exploit& from,
                                                          const pb2_rows::standing& donor, const chance& random) const {
  const pb2_scale scale(rows_.all());
  const pb2_bound bound(parameters_of(scale), scale.points(), scale.gains(),
                        points_of(scale, rows_.tried_by_others(trial, most_trying)));
  const auto m = static_cast<Eigen::Index>(modelled_.size());
  struct candidate {
    vector point;
    double value;
  };
  const auto by_value = [](const candidate& a, const candidate& b) { return a.value > b.value; };

  matrix points(static_cast<Eigen::Index>(drawn) + 1, m + 2);
  points.row(0) = scale.point(donor, numbers_of(from.values)).transpose();
  auto draws = random.branch("candidates", 0);
  for (Eigen::Index i = 1; i < points.rows(); ++i) {
    points.row(i) = points.row(0);
    for (Eigen::Index j = 2; j < points.cols(); ++j)
      points(i, j) = draws.unit();
  }
  const vector values = bound.values(points);
  std::vector<candidate> all;
  for (Eigen::Index i = 0; i < points.rows(); ++i)
    all.push_back({points.row(i).transpose(), values[i]});
  std::stable_sort(all.begin() + 1, all.end(), by_value);

  vector low = points.row(0).transpose(); // Where the donor is, time and reward do not move.
  vector high = low;
  low.tail(m).setZero();
  high.tail(m).setOnes();
  const smooth_function negative = [&](const vector& point, vector& gradient) {
    const double value = bound.value(point, gradient);
    gradient = -gradient;
    return -value;
  };
  for (std::size_t i = 0; i <= climbers; ++i) {
    auto reached = descend(negative, all[i].point, low, high);
    all.push_back({std::move(reached.where), -reached.value});
  }
  std::stable_sort(all.begin(), all.end(), by_value);

  std::vector<pb2_rows::numbers> best;
  for (const auto& each : all)
    best.emplace_back(each.point.data() + 2, each.point.data() + each.point.size());
  return best;
}

explore_step::found pb2_explorer::explore(trial_id trial, const exploit& from, const chance& random) const {
  const auto& rows = rows_.all();
  const auto by_factors = [&](std::string why) { return found{others_.near_to(from.values, random), std::move(why)}; };
  const bool has_gain =
    std::any_of(rows.begin(), rows.end(), [](const pb2_rows::row& each) { return std::isfinite(each.gain); });
  if (rows.size() < least_rows() || !has_gain)
    return by_factors(
      fmt::format("as pbt, for there are {} gains to learn from, and not {}", rows.size(), least_rows()));
  const auto donor = rows_.standing_of(from.donor);
  if (!donor)
    return by_factors("as pbt, for it is not known where its donor is");
  const auto best = best_numbers(trial, from, *donor, random);
  for (std::size_t i = 0; i < std::min(best.size(), most_wishes); ++i) {
    space_plan::values chosen(plan_.size());
    for (std::size_t j = 0; j < modelled_.size(); ++j)
      chosen[modelled_[j]] = from_unit(plan_.at(modelled_[j]).what, best[i][j]);
    if (auto made = others_.once_near_to(from.values, chosen, random, i))
      return {std::move(*made), fmt::format("by a model of {} gains", rows.size())};
  }
  return by_factors("as pbt, for the constraints do not hold where the model expects gains");
}

} // namespace tune
