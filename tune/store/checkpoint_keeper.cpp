#include "tune/store/checkpoint_keeper.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune {

checkpoint_keeper::entry* checkpoint_keeper::find(trial_id trial, const checkpoint_ref& checkpoint) {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return nullptr;
  const auto place = found->second.find({checkpoint.iteration, checkpoint.attempt});
  return place == found->second.end() ? nullptr : &place->second;
}

checkpoint_keeper::removals checkpoint_keeper::on_written(trial_id trial, const checkpoint_ref& checkpoint,
                                                          std::optional<double> loss) {
  trials_[trial].try_emplace({checkpoint.iteration, checkpoint.attempt},
                             entry{checkpoint, loss.value_or(std::numeric_limits<double>::quiet_NaN()), 0});
  return trim(trial);
}

void checkpoint_keeper::on_lost(trial_id trial, const checkpoint_ref& checkpoint) {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return;
  found->second.erase({checkpoint.iteration, checkpoint.attempt});
  if (found->second.empty())
    trials_.erase(found);
}

checkpoint_keeper::removals checkpoint_keeper::on_abandoned(trial_id trial) {
  abandoned_.insert(trial);
  return trim(trial);
}

bool checkpoint_keeper::hold(trial_id trial, const checkpoint_ref& checkpoint) {
  auto* held = find(trial, checkpoint);
  if (held == nullptr)
    return false;
  ++held->holders;
  return true;
}

checkpoint_keeper::removals checkpoint_keeper::release(trial_id trial, const checkpoint_ref& checkpoint) {
  auto* held = find(trial, checkpoint);
  if (held == nullptr || held->holders == 0)
    return {};
  --held->holders;
  return trim(trial);
}

/// Those that stay whoever holds what.
std::set<checkpoint_keeper::key> checkpoint_keeper::choose(const entries& all) const {
  std::vector<key> newest; // Of each iteration that of the newest attempt; the newest first.
  for (auto it = all.rbegin(); it != all.rend(); ++it)
    if (newest.empty() || newest.back().first != it->first.first)
      newest.push_back(it->first);
  std::vector<std::pair<double, key>> ranks; // Of equally good ones the older.
  for (const auto& each : newest)
    if (const double loss = all.at(each).loss; !std::isnan(loss))
      ranks.emplace_back(loss, each);
  std::sort(ranks.begin(), ranks.end());
  std::set<key> stay;
  for (std::size_t i = 0; i < std::min(std::max<std::size_t>(options_.newest, 1), newest.size()); ++i)
    stay.insert(newest[i]);
  for (std::size_t i = 0; i < std::min(options_.best, ranks.size()); ++i)
    stay.insert(ranks[i].second);
  return stay;
}

checkpoint_keeper::removals checkpoint_keeper::trim(trial_id trial) {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return {};
  auto& all = found->second;
  const auto stay = abandoned_.count(trial) != 0 ? std::set<key>() : choose(all);
  removals out;
  for (auto it = all.begin(); it != all.end();) {
    if (stay.count(it->first) != 0 || it->second.holders > 0) {
      ++it;
      continue;
    }
    out.push_back({trial, std::move(it->second.at)});
    it = all.erase(it);
  }
  if (all.empty())
    trials_.erase(found);
  return out;
}

std::optional<checkpoint_ref> checkpoint_keeper::to_restore(trial_id trial) const {
  const auto found = trials_.find(trial);
  if (found == trials_.end())
    return std::nullopt;
  return found->second.rbegin()->second.at;
}

std::vector<checkpoint_ref> checkpoint_keeper::kept(trial_id trial) const {
  std::vector<checkpoint_ref> out;
  if (const auto found = trials_.find(trial); found != trials_.end())
    for (const auto& [which, each] : found->second)
      out.push_back(each.at);
  return out;
}

} // namespace tune
