#include "tune/scheduler/pbt_scheduler.hpp"

#include "tune/scheduler/nearly.hpp"
#include "tune/scheduler/rung_levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr double worst = std::numeric_limits<double>::infinity();

/// "lr=0.12 instead of 0.1, ...": what differs, of the first few.
std::string changes(const config& from, const config& to) {
  constexpr std::size_t most = 5;
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, x] : to) {
    const auto* before = from.find(name);
    if (before != nullptr && *before == x)
      continue;
    if (++count <= most)
      text += fmt::format("{}{}={}{}", text.empty() ? "" : ", ", name, to_json(x),
                          before == nullptr ? "" : " instead of " + to_json(*before));
  }
  if (count > most)
    text += fmt::format(" and {} more", count - most);
  return text.empty() ? "its values" : text;
}

} // namespace

pbt_scheduler::pbt_scheduler(const pbt_options& options, const scheduler_setup& setup,
                             std::unique_ptr<explore_step> explore)
  : options_(options),
    setup_(setup),
    explore_(std::move(explore)) {
}

void pbt_scheduler::on_trial_created(trial_id trial, const config& values) {
  life born;
  born.values = values;
  if (lives_.try_emplace(trial, std::move(born)).second)
    explore_->on_trial_created(trial, values);
}

iteration_number pbt_scheduler::next_judged(const life& x) const {
  return std::max(x.judged_at + options_.perturbation_interval, options_.burn_in);
}

iteration_number pbt_scheduler::next_judged(trial_id trial, iteration_number after) const {
  const auto found = lives_.find(trial);
  return found == lives_.end() ? after + 1 : std::max(next_judged(found->second), after + 1);
}

std::size_t pbt_scheduler::quantile_of(std::size_t n) const {
  const auto share = std::ceil(static_cast<double>(n) * options_.quantile_fraction - nearly);
  return std::min(static_cast<std::size_t>(std::max(share, 0.0)), n / 2);
}

std::vector<pbt_scheduler::ranked> pbt_scheduler::ranking() const {
  std::vector<ranked> all;
  for (const auto& [trial, x] : lives_)
    if (x.judged_at > 0)
      all.push_back({x.score, trial});
  std::sort(all.begin(), all.end(),
            [](const ranked& a, const ranked& b) { return std::tie(a.score, a.trial) < std::tie(b.score, b.trial); });
  return all;
}

/// In words, for a trial with a score; none: it is alone.
std::optional<std::string> pbt_scheduler::place_of(trial_id trial, const life& x, bool& is_among_worst) const {
  is_among_worst = false;
  const auto all = ranking();
  if (all.size() < 2)
    return std::nullopt;
  const auto own = std::find_if(all.begin(), all.end(), [&](const ranked& each) { return each.trial == trial; });
  const auto before = static_cast<std::size_t>(own - all.begin());
  const auto q = quantile_of(all.size());
  const char* const place = before < q                 ? "is among the best"
                            : before + q >= all.size() ? "is among the worst"
                                                       : "is between the best and the worst";
  is_among_worst = before >= q && before + q >= all.size();
  return fmt::format("iteration {}: {} {} {} of {}", x.judged_at, shown(x.score, setup_.better), place, q, all.size());
}

decision pbt_scheduler::on_result(const scheduler_result& result) {
  const auto found = lives_.find(result.trial);
  if (found == lives_.end())
    return {};
  auto& x = found->second;
  x.has_paused = x.has_arrived = x.is_held = x.is_among_worst = false; // It runs, whoever had it go on.
  x.iteration = result.iteration;
  const bool is_judged = result.iteration >= next_judged(x);
  explore_->on_result({result.trial, result.iteration, result.loss, is_judged});
  if (!is_judged)
    return {};
  x.judged_at = result.iteration;
  x.score = std::isfinite(result.loss) ? result.loss : worst;
  if (options_.type == variant::synchronous) {
    x.has_arrived = true;
    return {verdict::pause,
            fmt::format("iteration {}: {} waits for the others", x.judged_at, shown(x.score, setup_.better))};
  }
  const auto place = place_of(result.trial, x, x.is_among_worst);
  return {x.is_among_worst ? verdict::pause : verdict::yield,
          place.value_or(fmt::format("iteration {}: there is no other to compare with", x.judged_at))};
}

void pbt_scheduler::on_trial_end(trial_id trial, trial_state /*how*/) {
  if (lives_.erase(trial) > 0)
    explore_->on_trial_end(trial);
}

void pbt_scheduler::on_trial_paused(trial_id trial) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  found->second.has_paused = true;
  found->second.is_held = false;
}

void pbt_scheduler::on_trial_held(trial_id trial) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  found->second.has_paused = found->second.has_arrived = found->second.is_among_worst = false;
  found->second.is_held = true;
}

/// Those that their user holds are not waited for; those that are to come have been created before this is asked.
void pbt_scheduler::let_go_if_all_have_arrived() {
  if (options_.type != variant::synchronous)
    return;
  bool is_any_there = false;
  for (const auto& [trial, x] : lives_) {
    if (!x.is_held && !(x.has_arrived && x.has_paused))
      return;
    is_any_there = is_any_there || x.has_arrived;
  }
  if (!is_any_there)
    return;
  for (auto& [trial, x] : lives_)
    if (x.has_arrived)
      (void)place_of(trial, x, x.is_among_worst);
  for (auto& [trial, x] : lives_)
    x.has_arrived = false;
}

/// Who goes on from another first, as that one's newest checkpoint is of now; then who has done the least.
std::optional<scheduler::resumption> pbt_scheduler::choose_paused() {
  let_go_if_all_have_arrived();
  auto first = lives_.end();
  const auto rank = [&](const life& x) {
    const bool is_late = options_.type == variant::synchronous && !x.is_among_worst;
    return std::make_pair(is_late, x.iteration);
  };
  for (auto each = lives_.begin(); each != lives_.end(); ++each)
    if (each->second.has_paused && !each->second.has_arrived &&
        (first == lives_.end() || rank(each->second) < rank(first->second)))
      first = each;
  if (first == lives_.end())
    return std::nullopt;
  return resume(first->first, first->second);
}

scheduler::resumption pbt_scheduler::resume(trial_id trial, life& x) {
  const bool is_to_change = std::exchange(x.is_among_worst, false);
  x.has_paused = false;
  if (!is_to_change)
    return {trial, fmt::format("its turn, after iteration {}", x.iteration)};
  const auto random = chance(setup_.seed, "pbt", trial.value).branch("exploit", x.exploits + 1);
  const auto donor = donor_for(trial, x, random);
  if (!donor)
    return {trial, fmt::format("none is as good as {} now: it goes on as it is", shown(x.score, setup_.better))};
  const auto& better = lives_.at(*donor);
  auto [values, how] = explore_->explore(trial, {*donor, better.values}, random);
  auto why = fmt::format("{} at iteration {} is among the worst: it goes on from trial {}, which has {} at iteration "
                         "{}, with {}{}{}",
                         shown(x.score, setup_.better), x.judged_at, donor->value, shown(better.score, setup_.better),
                         better.judged_at, changes(better.values, values), how.empty() ? "" : "; ", how);
  return {trial, std::move(why), exploit{*donor, std::move(values)}};
}

/// One of the best as they are now. Nobody follows what is no number.
std::optional<trial_id> pbt_scheduler::donor_for(trial_id trial, const life& x, const chance& random) const {
  const auto all = ranking();
  std::vector<trial_id> donors;
  for (std::size_t i = 0; i < quantile_of(all.size()); ++i)
    if (all[i].trial != trial && all[i].score <= x.score && all[i].score < worst)
      donors.push_back(all[i].trial);
  if (donors.empty())
    return std::nullopt;
  auto draws = random.branch("donor", 0);
  return donors[draws.below(donors.size())];
}

void pbt_scheduler::on_exploited(trial_id trial, const exploit& with) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  found->second.values = with.values;
  ++found->second.exploits;
  explore_->on_exploited(trial, with);
}

} // namespace tune
