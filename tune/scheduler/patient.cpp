#include "tune/scheduler/patient.hpp"

#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr double worst = std::numeric_limits<double>::infinity();

} // namespace

patient_scheduler::patient_scheduler(const patient_options& options, const scheduler_setup& setup,
                                     std::unique_ptr<scheduler> inside)
  : options_(options),
    setup_(setup),
    inside_(std::move(inside)) {
}

void patient_scheduler::on_trial_created(trial_id trial, const config& values) {
  trials_.try_emplace(trial, history{worst});
  if (inside_)
    inside_->on_trial_created(trial, values);
}

void patient_scheduler::on_trial_end(trial_id trial, trial_state how) {
  trials_.erase(trial);
  if (inside_)
    inside_->on_trial_end(trial, how);
}

std::optional<iteration_number> patient_scheduler::max_iterations() const {
  return inside_ ? inside_->max_iterations() : std::nullopt;
}

decision patient_scheduler::on_result(const scheduler_result& result) {
  const auto found = trials_.find(result.trial);
  if (found == trials_.end())
    return {};
  auto said = inside_ ? inside_->on_result(result) : decision();
  if (said.what == verdict::stop && max_iterations() && result.iteration >= *max_iterations())
    return said; // It is done, however well it did.
  auto& own = found->second;
  const double loss = std::isnan(result.loss) ? worst : result.loss;
  own.newest = result.iteration;
  if (own.last.size() == span()) {
    own.best_before = std::min(own.best_before, own.last.front());
    own.last.pop_front();
  }
  own.last.push_back(loss);
  const auto place = own.results++;
  while (!own.best_after.empty() && own.best_after.back().second >= loss)
    own.best_after.pop_back();
  own.best_after.emplace_back(place, loss);
  if (own.best_after.front().first + span() <= place)
    own.best_after.pop_front();
  if (own.results <= span() || !(own.best_before + options_.min_delta < own.best_after.front().second))
    return inside_ && said.what == verdict::go_on ? said : decision();
  const auto why =
    fmt::format("the best of the last {} results, {}, is worse than {} before them", span(),
                shown(own.best_after.front().second, setup_.better), shown(own.best_before, setup_.better));
  if (!inside_)
    return {verdict::stop, fmt::format("iteration {}: {}", result.iteration, why)};
  if (said.what != verdict::go_on)
    said.reason += "; " + why;
  return said;
}

iteration_number patient_scheduler::next_judged(trial_id trial, iteration_number after) const {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return after + 1;
  const auto& own = found->second;
  auto next = after + 1;
  if (own.results <= span()) // Each result is at least one iteration later than the one before it.
    next = std::max(next, own.newest + static_cast<iteration_number>(span() + 1 - own.results));
  if (inside_) {
    next = std::max(next, inside_->next_judged(trial, after));
    if (max_iterations())
      next = std::max(after + 1, std::min(next, *max_iterations()));
  }
  return next;
}

} // namespace tune
