#include "tune/scheduler/asha_stopping.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

namespace tune {

asha_stopping::asha_stopping(const asha_options& options, const scheduler_setup& setup)
  : options_(options),
    setup_(setup) {
  for (int s = 0; s < options_.brackets; ++s) {
    auto& rungs = brackets_.emplace_back();
    for (const auto level : rung_levels(options_, s))
      rungs.push_back({level, {}, {}});
  }
}

void asha_stopping::on_trial_created(trial_id trial, const config& /*values*/) {
  lives_.try_emplace(trial, life{static_cast<std::size_t>(bracket_of(trial, options_, setup_.seed)), 0});
}

void asha_stopping::on_trial_end(trial_id trial, trial_state /*how*/) {
  lives_.erase(trial); // What it reached stays in the rungs.
}

std::optional<iteration_number> asha_stopping::max_iterations() const {
  return options_.stop_last ? std::optional(options_.max_t) : std::nullopt;
}

decision asha_stopping::on_result(const scheduler_result& result) {
  const auto found = lives_.find(result.trial);
  if (found == lives_.end())
    return {};
  auto& trial = found->second;
  auto& rungs = brackets_[trial.bracket];
  decision decided;
  for (auto k = rungs.size(); k-- > trial.passed;)
    if (result.iteration >= rungs[k].level) { // Rungs below that it jumped over stay without it.
      trial.passed = k + 1;
      decided = at_rung(rungs[k], result.loss);
      break;
    }
  if (decided.what == verdict::go_on && options_.stop_last && result.iteration >= options_.max_t)
    return {verdict::stop, fmt::format("max_t: {} iterations are done", options_.max_t)};
  return decided;
}

iteration_number asha_stopping::next_judged(trial_id trial, iteration_number after) const {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return after + 1;
  auto next = options_.stop_last ? options_.max_t : std::numeric_limits<iteration_number>::max();
  const auto& rungs = brackets_[found->second.bracket];
  if (found->second.passed < rungs.size())
    next = std::min(next, rungs[found->second.passed].level);
  return std::max(next, after + 1);
}

decision asha_stopping::at_rung(rung& here, double loss) {
  const auto n = here.size() + 1;
  const auto m = std::max<std::size_t>(1, best_of(n, options_.reduction_factor));
  const bool is_number = !std::isnan(loss);
  here.hold_best(m);
  const bool is_full = here.best.size() == m;
  const bool is_tied = is_full && loss == here.best.front();
  const bool is_among_best = is_number && (!is_full || loss < here.best.front() || (is_tied && !options_.strict_ties));
  here.add(is_number ? loss : std::numeric_limits<double>::infinity(), m); // NaN is worse than all others.
  if (!is_number)
    return {verdict::stop, fmt::format("rung {}: the metric is not a number", here.level)};
  const auto what = fmt::format("{} among the best {} of {} result{}{}", is_among_best ? "is" : "is not", m, n,
                                n == 1 ? "" : "s", is_tied && !is_among_best ? ": an earlier one is equal" : "");
  return {is_among_best ? verdict::go_on : verdict::stop,
          fmt::format("rung {}: {} {}", here.level, shown(loss, setup_.better), what)};
}

void asha_stopping::rung::hold_best(std::size_t m) {
  while (best.size() < m && !rest.empty()) {
    std::pop_heap(rest.begin(), rest.end(), std::greater<>());
    best.push_back(rest.back());
    rest.pop_back();
    std::push_heap(best.begin(), best.end());
  }
}

void asha_stopping::rung::add(double loss, std::size_t m) {
  best.push_back(loss);
  std::push_heap(best.begin(), best.end());
  if (best.size() <= m)
    return;
  std::pop_heap(best.begin(), best.end());
  rest.push_back(best.back());
  best.pop_back();
  std::push_heap(rest.begin(), rest.end(), std::greater<>());
}

} // namespace tune
