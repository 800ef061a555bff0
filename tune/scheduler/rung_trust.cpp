#include "tune/scheduler/rung_trust.hpp"

#include "tune/chance.hpp"
#include "tune/searcher/gp_model.hpp"
#include "tune/searcher/rung_weights.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr double least_noise = 1e-4;
constexpr std::size_t grown_by = 4; ///< A quarter.

gp_observations::standing standing_of(double loss) {
  using kind = gp_observations::standing::kind;
  return std::isfinite(loss) ? gp_observations::standing{kind::valued, loss}
                             : gp_observations::standing{kind::failed, 0};
}

} // namespace

rung_trust::rung_trust(const search_space& space, std::vector<iteration_number> levels, std::uint64_t seed)
  : plan_(space),
    space_(plan_),
    kernel_(space_.choices()),
    fit_(kernel_, least_noise),
    seed_(seed),
    iterations_(std::move(levels)) {
  for (std::size_t k = 0; k < iterations_.size(); ++k)
    levels_.emplace_back(chance(seed, "rung", k).bits(0));
}

void rung_trust::on_created(trial_id trial, const config& values) {
  if (space_.dimensions() > 0)
    lives_.try_emplace(trial, course{space_.units_of(values), space_.place_of(values).point});
}

void rung_trust::on_end(trial_id trial) {
  lives_.erase(trial);
}

void rung_trust::on_result(trial_id trial, iteration_number iteration, double loss) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  auto& x = found->second;
  const auto reached =
    static_cast<std::size_t>(std::upper_bound(iterations_.begin(), iterations_.end(), iteration) - iterations_.begin());
  if (reached <= x.passed)
    return;
  x.passed = reached; // It may have jumped over some.
  auto& here = levels_[reached - 1];
  here.seen.add(trial.value, x.units, x.point);
  here.seen.end(trial.value, standing_of(loss));
  here.valued += std::isfinite(loss) ? 1 : 0;
  if (is_due())
    learn();
}

bool rung_trust::is_due() {
  std::size_t top = 0;
  std::size_t supported = 0;
  for (std::size_t k = 0; k < levels_.size(); ++k)
    if (levels_[k].valued >= fewest_results) {
      top = k;
      ++supported;
    }
  if (supported < 2)
    return false;
  const auto results = levels_[top].valued;
  if (top == learned_at_.first &&
      results < learned_at_.second + std::max<std::size_t>(1, learned_at_.second / grown_by))
    return false;
  learned_at_ = {top, results};
  return true;
}

void rung_trust::learn() {
  std::vector<std::size_t> which;
  std::vector<rung_results> all;
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    auto& each = levels_[k];
    if (each.valued < fewest_results)
      continue;
    const auto results = each.seen.chosen();
    each.parameters = fit_.fit(gp_model::points_of(results, kernel_.dimensions()), gp_model::targets_of(results),
                               each.parameters, chance(seed_, "rung trust", k).branch("fit", each.seen.ended()));
    which.push_back(k);
    all.push_back({results, *each.parameters});
  }
  const auto found = rung_weights(kernel_, all, chance(seed_, "rung weights", learned_at_.second));
  weights_.assign(which.back() + 1, 0);
  for (std::size_t i = 0; i < which.size(); ++i)
    weights_[which[i]] = found[i];
}

} // namespace tune
