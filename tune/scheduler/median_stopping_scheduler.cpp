#include "tune/scheduler/median_stopping_scheduler.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr double worst = std::numeric_limits<double>::infinity();

/// Of two in the middle their mean. Not empty.
double median_of(std::vector<double> all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  if (all.size() % 2 != 0)
    return *middle;
  const double below = *std::max_element(all.begin(), middle);
  return below / 2 + *middle / 2; // The sum may be too large for a number.
}

} // namespace

median_stopping_scheduler::median_stopping_scheduler(const median_stopping_options& options,
                                                     const scheduler_setup& setup)
  : options_(options),
    setup_(setup) {
}

void median_stopping_scheduler::curve::add(iteration_number iteration, double loss) {
  if (std::isfinite(loss)) {
    sum += loss;
    ++finite;
  }
  iterations.push_back(iteration);
  means.push_back(finite == 0 ? worst : sum / static_cast<double>(finite));
}

double median_stopping_scheduler::curve::mean_at(iteration_number iteration) const {
  const auto behind = std::upper_bound(iterations.begin(), iterations.end(), iteration);
  return behind == iterations.begin() ? worst : means[static_cast<std::size_t>(behind - iterations.begin()) - 1];
}

void median_stopping_scheduler::on_trial_created(trial_id trial, const config& /*values*/) {
  curves_.try_emplace(trial);
}

void median_stopping_scheduler::on_trial_end(trial_id trial, trial_state how) {
  const auto found = curves_.find(trial);
  if (found == curves_.end() || found->second.has_ended)
    return;
  if (found->second.iterations.empty() || how == trial_state::error) { // Nobody is to be compared to it.
    curves_.erase(found);
    return;
  }
  found->second.has_ended = true; // What it reached stays.
  ended_.insert(trial);
  if (ended_.size() <= most_ended)
    return;
  curves_.erase(*ended_.begin());
  ended_.erase(ended_.begin());
}

decision median_stopping_scheduler::on_result(const scheduler_result& result) {
  const auto found = curves_.find(result.trial);
  if (found == curves_.end() || found->second.has_ended)
    return {};
  auto& own = found->second;
  if (std::isfinite(result.loss) && (!own.has_best || result.loss < own.best)) {
    own.best = result.loss;
    own.has_best = true;
  }
  if (result.iteration < options_.grace_period)
    return {};
  own.add(result.iteration, result.loss);
  std::vector<double> means;
  for (const auto& [trial, each] : curves_)
    if (trial != result.trial && !each.iterations.empty() && each.iterations.back() >= result.iteration)
      means.push_back(each.mean_at(result.iteration));
  if (means.size() < static_cast<std::size_t>(options_.min_samples))
    return {};
  const auto count = means.size();
  const double median = median_of(std::move(means));
  const double best = own.has_best ? own.best : worst;
  if (!(best > median)) // Also where none of them has a finite loss.
    return {};
  const auto words = own.has_best ? fmt::format("the best so far, {},", shown(own.best, setup_.better))
                                  : std::string("a metric that was never a finite number");
  return {verdict::stop, fmt::format("iteration {}: {} is worse than the median of the means of {} others, {}",
                                     result.iteration, words, count, shown(median, setup_.better))};
}

iteration_number median_stopping_scheduler::next_judged(trial_id /*trial*/, iteration_number after) const {
  return std::max(after + 1, options_.grace_period);
}

} // namespace tune
