#include "tune/searcher/point_queue.hpp"

#include "tune/space/domain_values.hpp"
#include "tune/space/near_name.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t tries = 1'000; ///< Draws of what a point leaves out.

chance checking(std::uint64_t number) {
  return {0, "check of a point", number};
}

std::vector<std::string> names_of(const space_plan& plan) {
  std::vector<std::string> names;
  for (const auto& each : plan.dimensions())
    names.push_back(each.name);
  return names;
}

/// What the point says, as the space has it; what does not fit is left out, and kept as a mistake.
space_plan::values fixed_by(const config& values, const space_plan& plan, std::vector<std::string>& mistakes) {
  space_plan::values fixed(plan.size());
  for (const auto& [name, x] : values) {
    const auto place = plan.place_of(name);
    if (!place) {
      mistakes.push_back(fmt::format("\"{}\" is not a parameter{}", name, hint(name, names_of(plan))));
      continue;
    }
    if (auto fits = fitted(plan.at(*place).what, x))
      fixed[*place] = std::move(*fits);
    else
      mistakes.push_back(fmt::format("\"{}\": {}", name, fits.error().message));
  }
  return fixed;
}

void check_known(const metrics& known, const std::vector<objective>& objectives, std::vector<std::string>& mistakes) {
  for (const auto& each : objectives)
    if (const auto* x = known.find(each.metric); x == nullptr)
      mistakes.push_back(fmt::format("its known results have no \"{}\"", each.metric));
    else if (!x->is_number())
      mistakes.push_back(fmt::format("its known \"{}\" is {}, which is not a number", each.metric, to_json(*x)));
}

} // namespace

std::vector<std::string> mistakes_of(const std::vector<point>& points, const search_space& space,
                                     const std::vector<objective>& objectives) {
  std::vector<std::string> found;
  const space_plan plan(space);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> mistakes;
    const auto fixed = fixed_by(points[i].values, plan, mistakes);
    if (points[i].known)
      check_known(*points[i].known, objectives, mistakes);
    if (mistakes.empty())
      if (const auto made = plan.first_draw(fixed, checking(i), tries); !made)
        mistakes.push_back(made.error().message);
    for (const auto& each : mistakes)
      found.push_back(fmt::format("points_to_evaluate: point {}: {}", i + 1, each));
  }
  return found;
}

std::uint64_t trials_of(const std::vector<point>& points) {
  return static_cast<std::uint64_t>(
    std::count_if(points.begin(), points.end(), [](const point& each) { return !each.known; }));
}

std::unique_ptr<searcher> searcher_with_points(const searcher_choice& chosen, const searcher_setup& setup,
                                               const std::vector<point>& points,
                                               const std::vector<objective>& objectives) {
  auto search = chosen.make(setup);
  if (points.empty())
    return search;
  return std::make_unique<point_queue>(setup.space, points, objectives, setup.seed, std::move(search));
}

point_queue::point_queue(const search_space& space, const std::vector<point>& points,
                         const std::vector<objective>& objectives, std::uint64_t seed, std::unique_ptr<searcher> rest)
  : plan_(space),
    seed_(seed),
    rest_(std::move(rest)) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> mistakes; // None: the experiment was checked.
    auto fixed = fixed_by(points[i].values, plan_, mistakes);
    if (!points[i].known) {
      points_.push_back({std::move(fixed), i});
      continue;
    }
    std::vector<double> losses;
    for (const auto& each : objectives)
      losses.push_back(to_loss(points[i].known->get<double>(each.metric), each.better));
    if (const auto made = completed({std::move(fixed), i}))
      rest_->on_known(*made, losses);
  }
}

result<config> point_queue::completed(const waiting& which) const {
  auto made = plan_.first_draw(which.fixed, chance(seed_, "point", which.number), tries);
  return made ? made : plan_.first_draw(which.fixed, checking(which.number), tries); // Which succeeded once.
}

asked point_queue::ask(const std::vector<trial_id>& trials) {
  asked answer;
  const auto first_of_rest =
    std::find_if(trials.begin(), trials.end(), [&](trial_id each) { return each.value > points_.size(); });
  for (auto trial = trials.begin(); trial != first_of_rest; ++trial) {
    auto made = completed(points_[trial->value - 1]);
    if (!made) {
      answer.how = ask_outcome::exhausted;
      answer.reason =
        fmt::format("points_to_evaluate: point {}: {}", points_[trial->value - 1].number + 1, made.error().message);
      return answer;
    }
    answer.proposals.push_back({*trial, std::move(*made), /*is_of_user=*/true});
  }
  if (first_of_rest == trials.end())
    return answer;
  auto others = rest_->ask({first_of_rest, trials.end()});
  std::move(others.proposals.begin(), others.proposals.end(), std::back_inserter(answer.proposals));
  answer.how = others.how;
  answer.reason = std::move(others.reason);
  return answer;
}

void point_queue::on_known(const config& values, const std::vector<double>& losses) {
  rest_->on_known(values, losses);
}

void point_queue::on_created(trial_id trial, const config& values) {
  rest_->on_created(trial, values);
}

void point_queue::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) {
  rest_->on_report(trial, iteration, losses);
}

void point_queue::on_paused(trial_id trial) {
  rest_->on_paused(trial);
}

void point_queue::on_constraints(trial_id trial, const std::vector<double>& violations) {
  rest_->on_constraints(trial, violations);
}

void point_queue::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  rest_->on_end(trial, how, losses);
}

} // namespace tune
