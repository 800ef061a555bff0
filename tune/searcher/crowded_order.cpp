#include "tune/searcher/crowded_order.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tune {
namespace {

using places = std::vector<std::size_t>;

constexpr double infinite = std::numeric_limits<double>::infinity();

places places_of(std::size_t count) {
  places all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

} // namespace

std::vector<places> pareto_ranks(const std::vector<losses_of_trial>& points) {
  auto sorted = places_of(points.size());
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
    return points[a] < points[b];
  }); // None dominates one before it.
  std::vector<places> ranks;
  for (const auto i : sorted) {
    // Who is dominated by one of a rank is dominated by one of each rank before it. With two objectives the newest of
    // a rank is the least in the second one, and dominates what any of them dominates.
    const auto dominates_it = [&](std::size_t each) { return dominates(points[each], points[i]); };
    const auto found = std::partition_point(ranks.begin(), ranks.end(), [&](const places& rank) {
      return points[i].size() <= 2 ? dominates_it(rank.back()) : std::any_of(rank.rbegin(), rank.rend(), dominates_it);
    });
    if (found == ranks.end())
      ranks.push_back({i});
    else
      found->push_back(i);
  }
  for (auto& each : ranks)
    std::sort(each.begin(), each.end());
  return ranks;
}

std::vector<double> crowding_distances(const std::vector<losses_of_trial>& points) {
  std::vector<double> distances(points.size(), 0);
  const auto objectives = points.empty() ? 0 : points.front().size();
  for (std::size_t j = 0; j < objectives; ++j) {
    auto sorted = places_of(points.size());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](std::size_t a, std::size_t b) { return points[a][j] < points[b][j]; });
    const auto half = [&](std::size_t k) { return points[sorted[k]][j] / 2; }; // The whole difference may be infinite.
    const auto last = sorted.size() - 1;
    const double range = half(last) - half(0);
    if (!(range > 0))
      continue;
    distances[sorted[0]] = infinite;
    distances[sorted[last]] = infinite;
    for (std::size_t k = 1; k < last; ++k)
      distances[sorted[k]] += (half(k + 1) - half(k - 1)) / range;
  }
  return distances;
}

std::vector<std::size_t> crowded_order(const std::vector<trial_standing>& trials) {
  std::vector<losses_of_trial> points; // Of those with several objectives.
  places of_points;
  places others;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (trials[i].losses.empty()) {
      others.push_back(i);
      continue;
    }
    points.push_back(trials[i].losses);
    of_points.push_back(i);
  }
  places order;
  for (const auto& rank : pareto_ranks(points)) {
    std::vector<losses_of_trial> in_rank;
    for (const auto i : rank)
      in_rank.push_back(points[i]);
    const auto distances = crowding_distances(in_rank);
    auto lonely_first = places_of(rank.size());
    std::stable_sort(lonely_first.begin(), lonely_first.end(),
                     [&](std::size_t a, std::size_t b) { return distances[a] > distances[b]; });
    for (const auto i : lonely_first)
      order.push_back(of_points[rank[i]]);
  }
  std::stable_sort(others.begin(), others.end(), [&](std::size_t a, std::size_t b) { return trials[a] < trials[b]; });
  order.insert(order.end(), others.begin(), others.end());
  return order;
}

} // namespace tune
