#include "tune/scheduler/wilcoxon_stopping.hpp"

#include "tune/scheduler/rung_levels.hpp"
#include "tune/scheduler/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>

#include <fmt/format.h>

namespace tune {

wilcoxon_stopping::wilcoxon_stopping(const wilcoxon_options& options, const scheduler_setup& setup)
  : options_(options),
    setup_(setup) {
}

/// Of parts, as the sum may be too large for a number. Not of none.
double wilcoxon_stopping::sample::mean() const {
  double mean = 0;
  for (const auto& each : losses)
    mean += each.second / static_cast<double>(losses.size());
  return mean;
}

void wilcoxon_stopping::on_trial_created(trial_id trial, const config& /*values*/) {
  samples_.try_emplace(trial);
}

void wilcoxon_stopping::on_trial_end(trial_id trial, trial_state how) {
  const auto found = samples_.find(trial);
  if (found == samples_.end())
    return;
  auto ended = std::move(found->second);
  samples_.erase(found);
  if (how != trial_state::terminated || ended.losses.empty() || !ended.is_finite)
    return;
  const double mean = ended.mean();
  // Of few instances a mean is small by luck.
  const auto rank = [](std::size_t size, double of, trial_id whose) {
    return std::tuple(-static_cast<double>(size), of, whose);
  };
  if (!best_ || rank(ended.losses.size(), mean, trial) < rank(best_->reached.losses.size(), best_->mean, best_->trial))
    best_ = champion{trial, std::move(ended), mean};
}

/// At the iterations that both have; positive where this one is worse.
std::vector<double> wilcoxon_stopping::differences_to_best(const sample& own) const {
  std::vector<double> differences;
  auto other = best_->reached.losses.begin();
  for (const auto& [iteration, loss] : own.losses) {
    while (other != best_->reached.losses.end() && other->first < iteration)
      ++other;
    if (other != best_->reached.losses.end() && other->first == iteration)
      differences.push_back(loss - other->second);
  }
  return differences;
}

decision wilcoxon_stopping::on_result(const scheduler_result& result) {
  const auto found = samples_.find(result.trial);
  if (found == samples_.end())
    return {};
  auto& own = found->second;
  own.losses.emplace_back(result.iteration, result.loss);
  own.is_finite = own.is_finite && std::isfinite(result.loss);
  if (!best_ || !own.is_finite)
    return {};
  const auto differences = differences_to_best(own);
  if (differences.size() < static_cast<std::size_t>(options_.startup_steps))
    return {};
  if (!std::all_of(differences.begin(), differences.end(), [](double x) { return std::isfinite(x); }))
    return {}; // Of losses so large that their difference is no number.
  const double mean = own.mean();
  if (mean <= best_->mean)
    return {};
  const double p = signed_rank_p_greater(differences);
  if (!(p < options_.p_threshold))
    return {};
  return {verdict::stop,
          fmt::format("iteration {}: its mean so far, {}, is worse than that of trial {}, {}: p = {:.3g} of {} pairs",
                      result.iteration, shown(mean, setup_.better), best_->trial.value,
                      shown(best_->mean, setup_.better), p, differences.size())};
}

/// There are no more pairs than iterations.
iteration_number wilcoxon_stopping::next_judged(trial_id /*trial*/, iteration_number after) const {
  return std::max(after + 1, static_cast<iteration_number>(options_.startup_steps));
}

} // namespace tune
