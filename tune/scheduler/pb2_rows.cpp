#include "tune/scheduler/pb2_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace tune {

void pb2_rows::on_trial_created(trial_id trial, numbers at) {
  life born;
  born.at = std::move(at);
  lives_.try_emplace(trial, std::move(born));
}

void pb2_rows::on_result(const explore_step::report& what) {
  const auto found = lives_.find(what.trial);
  if (found == lives_.end())
    return;
  auto& x = found->second;
  const standing now{static_cast<double>(what.iteration) + x.ahead, -what.loss};
  x.last_time = now.time;
  const auto known = std::isfinite(now.reward) ? std::optional(now) : std::nullopt;
  if (what.is_judged)
    x.judged = known;
  if (!x.earlier) {
    x.earlier = known;
    return;
  }
  if (!what.is_judged)
    return;
  const double gain = (now.reward - x.earlier->reward) / (now.time - x.earlier->time);
  constexpr double worst = -std::numeric_limits<double>::infinity();
  add(what.trial, {now.time, x.earlier->reward, x.at, std::isfinite(gain) ? gain : worst});
  x.earlier = known;
  x.changed_from.reset();
}

/// A trial has few rows at one time, in the order in which they were heard.
void pb2_rows::add(trial_id trial, row made) {
  std::size_t place = rows_.size();
  while (place > 0 && std::tie(made.time, trial) < std::tie(rows_[place - 1].time, owners_[place - 1]))
    --place;
  rows_.insert(rows_.begin() + static_cast<std::ptrdiff_t>(place), std::move(made));
  owners_.insert(owners_.begin() + static_cast<std::ptrdiff_t>(place), trial);
  if (rows_.size() <= most_rows_)
    return;
  rows_.erase(rows_.begin());
  owners_.erase(owners_.begin());
}

/// Its donor's checkpoint is taken for the state that was judged, though there may be a newer one.
void pb2_rows::on_exploited(trial_id trial, trial_id donor, numbers at) {
  const auto found = lives_.find(trial);
  if (found == lives_.end())
    return;
  auto& x = found->second;
  x.changed_from = standing_of(donor);
  x.judged = x.changed_from;
  if (x.judged) {
    x.ahead += x.judged->time - x.last_time;
    x.last_time = x.judged->time;
  }
  x.at = std::move(at);
  x.earlier.reset();
}

std::optional<pb2_rows::standing> pb2_rows::standing_of(trial_id trial) const {
  const auto found = lives_.find(trial);
  return found == lives_.end() ? std::nullopt : found->second.judged;
}

std::vector<pb2_rows::trying> pb2_rows::tried_by_others(trial_id than, std::size_t most) const {
  std::vector<trying> all;
  for (const auto& [trial, x] : lives_)
    if (trial != than && x.changed_from)
      all.push_back({*x.changed_from, x.at});
  std::stable_sort(all.begin(), all.end(), [](const trying& a, const trying& b) { return a.from.time > b.from.time; });
  all.resize(std::min(all.size(), most));
  return all;
}

} // namespace tune
