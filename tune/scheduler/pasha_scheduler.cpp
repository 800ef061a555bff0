#include "tune/scheduler/pasha_scheduler.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr double share_of_noises = 0.9;

asha_options rungs_of(const pasha_options& options) {
  asha_options rungs;
  rungs.max_t = options.max_t;
  rungs.grace_period = options.grace_period;
  rungs.reduction_factor = options.reduction_factor;
  rungs.type = asha_options::variant::promotion;
  return rungs;
}

} // namespace

pasha_scheduler::pasha_scheduler(const pasha_options& options, const scheduler_setup& setup)
  : levels_(rung_levels(rungs_of(options), 0)),
    ceiling_(std::min<std::size_t>(1, levels_.size())),
    inside_(rungs_of(options), setup),
    losses_(levels_.size()) {
  inside_.set_ceiling(ceiling_);
}

void pasha_scheduler::on_trial_created(trial_id trial, const config& values) {
  if (!running_.insert(trial).second)
    return;
  curves_.try_emplace(trial);
  inside_.on_trial_created(trial, values);
}

void pasha_scheduler::on_trial_end(trial_id trial, trial_state how) {
  running_.erase(trial);
  if (ceiling_ >= levels_.size() || losses_[ceiling_].count(trial) == 0)
    curves_.erase(trial);
  inside_.on_trial_end(trial, how);
}

decision pasha_scheduler::on_result(const scheduler_result& result) {
  if (running_.count(result.trial) == 0)
    return {};
  if (ceiling_ < levels_.size() && result.iteration <= levels_.back())
    curves_[result.trial].emplace_back(result.iteration, result.loss);
  auto decided = inside_.on_result(result);
  if (decided.what != verdict::pause)
    return decided;
  const auto here = *inside_.rung_of(result.trial);
  const auto was = ceiling_;
  arrive(result.trial, here, result.loss);
  if (ceiling_ != was)
    decided.reason +=
      fmt::format("; the order at rung {} is not that at rung {}: trials may go on to {}", levels_[was],
                  levels_[was - 1], ceiling_ < levels_.size() ? fmt::format("rung {}", levels_[ceiling_]) : "max_t");
  return decided;
}

void pasha_scheduler::arrive(trial_id trial, std::size_t rung, double loss) {
  losses_[rung].emplace(trial, loss);
  if (rung != ceiling_)
    return;
  compare_curves(trial);
  if (!is_order_stable())
    raise();
}

/// Both curves up to the ceiling are what they will ever be.
void pasha_scheduler::compare_curves(trial_id trial) {
  const auto& own = curves_.at(trial);
  const auto top = levels_[ceiling_];
  for (const auto& other : losses_[ceiling_]) {
    const auto found = curves_.find(other.first); // One that its user had go on may have ended here before.
    if (other.first == trial || found == curves_.end())
      continue;
    const auto& its = found->second;
    int turns = 0;
    double side = 0;
    double last = 0;
    auto x = its.begin();
    for (const auto& [iteration, loss] : own) {
      if (iteration > top)
        break;
      while (x != its.end() && x->first < iteration)
        ++x;
      if (x == its.end() || x->first != iteration || !std::isfinite(loss - x->second))
        continue;
      last = loss - x->second;
      if (last * side < 0)
        ++turns;
      if (last != 0)
        side = last < 0 ? -1 : 1;
    }
    if (turns >= 2)
      noises_.insert(std::upper_bound(noises_.begin(), noises_.end(), std::abs(last)), std::abs(last));
  }
}

/// Between two of them as far as the share is.
double pasha_scheduler::epsilon() const {
  if (noises_.empty())
    return last_epsilon_;
  const double at = share_of_noises * static_cast<double>(noises_.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, noises_.size() - 1);
  return noises_[below] + (noises_[above] - noises_[below]) * (at - static_cast<double>(below));
}

bool pasha_scheduler::is_order_stable() const {
  std::vector<entry> top;
  std::vector<entry> below;
  for (const auto& [trial, loss] : losses_[ceiling_]) {
    const auto earlier = losses_[ceiling_ - 1].find(trial);
    if (earlier == losses_[ceiling_ - 1].end())
      continue;
    top.emplace_back(loss, trial);
    below.emplace_back(earlier->second, trial);
  }
  std::sort(top.begin(), top.end());
  std::sort(below.begin(), below.end());
  const double most = epsilon();
  for (std::size_t i = 0; i < top.size(); ++i) {
    const double its = losses_[ceiling_ - 1].at(top[i].second);
    if (its != below[i].first && !(std::abs(its - below[i].first) <= most)) // Infinite ones may be equal.
      return false;
  }
  return true;
}

void pasha_scheduler::raise() {
  last_epsilon_ = epsilon();
  noises_.clear();
  inside_.set_ceiling(++ceiling_);
  for (auto each = curves_.begin(); each != curves_.end();)
    each = running_.count(each->first) == 0 ? curves_.erase(each) : std::next(each);
  if (ceiling_ == levels_.size())
    curves_.clear();
}

iteration_number pasha_scheduler::next_judged(trial_id trial, iteration_number after) const {
  return inside_.next_judged(trial, after);
}

} // namespace tune
