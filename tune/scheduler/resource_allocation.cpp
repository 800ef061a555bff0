#include "tune/scheduler/resource_allocation.hpp"

#include <algorithm>

namespace tune {
namespace {

std::uint64_t all_places(const std::vector<cluster_room::part>& parts) {
  std::uint64_t all = 0;
  for (const auto& each : parts)
    all += each.places;
  return all;
}

trial_size most_places(const std::vector<cluster_room::part>& parts) {
  trial_size most = 0;
  for (const auto& each : parts)
    most = std::max(most, each.places);
  return most;
}

std::uint64_t pieces_of(trial_size size, const std::vector<cluster_room::part>& parts) {
  std::uint64_t pieces = 0;
  for (const auto& each : parts)
    pieces += each.places / size;
  return pieces;
}

trial_size within_limits(std::uint64_t size, trial_size most) {
  const auto bounded = most == 0 ? size : std::min<std::uint64_t>(size, most);
  return static_cast<trial_size>(std::max<std::uint64_t>(bounded, 1));
}

/// One place of each that waits, of those parts that have the fewest: what is large stays large.
void take_for_waiting(std::vector<cluster_room::part>& parts, std::uint64_t waiting) {
  std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.places < b.places; });
  for (auto& each : parts) {
    const auto taken = std::min<std::uint64_t>(each.places, waiting);
    each.places -= static_cast<std::uint32_t>(taken);
    waiting -= taken;
  }
}

} // namespace

trial_size even_size(const resource_room& room, trial_size most) {
  const auto& parts = room.cluster.parts;
  const auto trials = room.holders.size() + room.to_come;
  if (trials == 0 || room.cluster.is_wanted)
    return 1;
  auto size = within_limits(std::min<std::uint64_t>(most_places(parts), all_places(parts) / trials), most);
  while (size > 1 && pieces_of(size, parts) < trials)
    --size;
  return size;
}

trial_size size_beside_others(const resource_room& room, trial_id trial, trial_size most) {
  if (room.cluster.is_wanted)
    return 1;
  auto left = room.cluster.parts;
  auto waiting = room.to_come;
  for (const auto& each : room.holders) {
    if (each.trial == trial)
      continue;
    const auto there = std::find_if(left.begin(), left.end(), [&](const auto& part) {
      return part.node == each.node && part.places > 0; // A node that is gone has none: its trial waits, too.
    });
    if (there == left.end())
      ++waiting;
    else
      --there->places;
  }
  take_for_waiting(left, waiting);
  return within_limits(most_places(left), most);
}

} // namespace tune
