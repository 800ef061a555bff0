#include "tune/scheduler/hyper_tune_scheduler.hpp"

#include "tune/chance.hpp"
#include "tune/scheduler/rung_levels.hpp"
#include "tune/search_space.hpp"

#include <cmath>
#include <numeric>

namespace tune {
namespace {

asha_options rungs_of(const hyper_tune_options& options) {
  asha_options rungs;
  rungs.max_t = options.max_t;
  rungs.grace_period = options.grace_period;
  rungs.reduction_factor = options.reduction_factor;
  rungs.type = asha_options::variant::promotion;
  rungs.delayed = options.delayed;
  return rungs;
}

std::vector<iteration_number> levels_of(const hyper_tune_options& options) {
  auto levels = rung_levels(rungs_of(options), 0);
  levels.push_back(options.max_t);
  return levels;
}

} // namespace

std::vector<double> shares_of_levels(const std::vector<iteration_number>& levels, double reduction_factor,
                                     const std::vector<double>& trust) {
  const auto count = static_cast<double>(levels.size());
  std::vector<double> shares;
  for (double s = 0; s < count; ++s)
    shares.push_back(1 / ((count - s) * std::pow(reduction_factor, s)));
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (auto& each : shares)
    each /= all;
  double head = 0;
  double believed = 0;
  for (std::size_t k = 0; k < trust.size(); ++k) {
    head += shares[k];
    believed += trust[k] / static_cast<double>(levels[k]);
  }
  for (std::size_t k = 0; k < trust.size(); ++k)
    shares[k] = head * trust[k] / static_cast<double>(levels[k]) / believed;
  return shares;
}

hyper_tune_scheduler::hyper_tune_scheduler(const hyper_tune_options& options, const scheduler_setup& setup)
  : seed_(setup.seed),
    reduction_factor_(options.reduction_factor),
    levels_(levels_of(options)),
    inside_(rungs_of(options), setup),
    trust_(setup.space == nullptr ? search_space() : *setup.space, levels_, setup.seed) {
}

void hyper_tune_scheduler::on_trial_created(trial_id trial, const config& values) {
  const auto shares = shares_of_levels(levels_, reduction_factor_, trust_.weights());
  double drawn = chance(seed_, "hyper_tune bracket", trial.value).unit(0);
  std::size_t first = 0;
  while (first + 1 < shares.size() && drawn >= shares[first])
    drawn -= shares[first++];
  inside_.begin_at(trial, first);
  trust_.on_created(trial, values);
}

decision hyper_tune_scheduler::on_result(const scheduler_result& result) {
  trust_.on_result(result.trial, result.iteration, result.loss);
  return inside_.on_result(result);
}

iteration_number hyper_tune_scheduler::next_judged(trial_id trial, iteration_number after) const {
  return inside_.next_judged(trial, after);
}

void hyper_tune_scheduler::on_trial_end(trial_id trial, trial_state how) {
  trust_.on_end(trial);
  inside_.on_trial_end(trial, how);
}

} // namespace tune
