#include "tune/searcher/pareto_choice.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tune {
namespace {

constexpr std::size_t most_weighed = 128; ///< Of a rank that does not fit; more would make the choice slow.

using places = std::vector<std::size_t>;

/// The volume that x alone would add to these.
double added_volume(const losses_of_trial& x, const std::vector<losses_of_trial>& others,
                    const losses_of_trial& reference) {
  double own = 1;
  for (std::size_t j = 0; j < x.size(); ++j)
    own *= reference[j] - x[j];
  std::vector<losses_of_trial> limited; // What of x's box the others take.
  for (const auto& each : others) {
    limited.push_back(each);
    for (std::size_t j = 0; j < x.size(); ++j)
      limited.back()[j] = std::max(x[j], each[j]);
  }
  return own - hypervolume(std::move(limited), reference);
}

/// Optuna's: the worst of the rank, and a tenth more.
losses_of_trial reference_of(const std::vector<losses_of_trial>& points, const places& rank) {
  losses_of_trial reference = points[rank.front()];
  for (const auto i : rank)
    for (std::size_t j = 0; j < reference.size(); ++j)
      reference[j] = std::max(reference[j], points[i][j]);
  for (auto& each : reference)
    each = each == 0 ? 1e-12 : each > 0 ? each * 1.1 : each * 0.9;
  return reference;
}

/// Evenly many of the rank where it is too large to weigh all.
places thinned(const places& rank) {
  if (rank.size() <= most_weighed)
    return rank;
  places few;
  for (std::size_t i = 0; i < most_weighed; ++i)
    few.push_back(rank[i * rank.size() / most_weighed]);
  return few;
}

/// What a point adds only becomes less as others are chosen, so that most need not be weighed again.
void choose_by_volume(const std::vector<losses_of_trial>& points, const places& rank, std::size_t count,
                      places& chosen) {
  const auto reference = reference_of(points, rank);
  auto left = count <= most_weighed ? thinned(rank) : rank;
  std::vector<double> adds(left.size());
  std::vector<losses_of_trial> taken;
  for (std::size_t i = 0; i < left.size(); ++i)
    adds[i] = added_volume(points[left[i]], taken, reference);
  std::vector<bool> is_new(left.size(), true);
  while (chosen.size() < count && !left.empty()) {
    auto best = static_cast<std::size_t>(std::max_element(adds.begin(), adds.end()) - adds.begin());
    while (!is_new[best]) {
      adds[best] = added_volume(points[left[best]], taken, reference);
      is_new[best] = true;
      best = static_cast<std::size_t>(std::max_element(adds.begin(), adds.end()) - adds.begin());
    }
    taken.push_back(points[left[best]]);
    chosen.push_back(left[best]);
    const auto at = static_cast<std::ptrdiff_t>(best);
    left.erase(left.begin() + at);
    adds.erase(adds.begin() + at);
    is_new.assign(left.size(), false);
  }
}

/// Those of the places that none of them dominates. Places in the lexicographic order of their points.
places first_rank(const std::vector<losses_of_trial>& points, const places& sorted) {
  places rank;
  for (const auto i : sorted)
    if (std::none_of(rank.begin(), rank.end(), [&](std::size_t each) { return dominates(points[each], points[i]); }))
      rank.push_back(i);
  return rank;
}

} // namespace

bool dominates(const losses_of_trial& a, const losses_of_trial& b) noexcept {
  bool is_better = false;
  for (std::size_t j = 0; j < a.size(); ++j) {
    if (a[j] > b[j])
      return false;
    is_better = is_better || a[j] < b[j];
  }
  return is_better;
}

double hypervolume(std::vector<losses_of_trial> points, const losses_of_trial& reference) {
  if (points.empty())
    return 0;
  std::sort(points.begin(), points.end());
  if (reference.size() == 1)
    return reference[0] - points[0][0];
  if (reference.size() == 2) {
    double volume = 0;
    double height = reference[1];
    for (const auto& each : points)
      if (each[1] < height) {
        volume += (reference[0] - each[0]) * (height - each[1]);
        height = each[1];
      }
    return volume;
  }
  std::vector<losses_of_trial> front; // While, Bradstreet and Barone 2012.
  for (const auto& each : points)
    if (std::none_of(front.begin(), front.end(),
                     [&](const losses_of_trial& x) { return x == each || dominates(x, each); }))
      front.push_back(each);
  double volume = 0;
  while (!front.empty()) {
    const auto last = std::move(front.back());
    front.pop_back();
    volume += added_volume(last, front, reference);
  }
  return volume;
}

std::vector<std::size_t> pareto_choice(const std::vector<losses_of_trial>& points, std::size_t count) {
  places left(points.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  std::stable_sort(left.begin(), left.end(), [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  places chosen;
  count = std::min(count, points.size());
  while (chosen.size() < count) {
    auto rank = first_rank(points, left);
    std::sort(rank.begin(), rank.end());
    if (chosen.size() + rank.size() <= count)
      chosen.insert(chosen.end(), rank.begin(), rank.end());
    else
      choose_by_volume(points, rank, count, chosen);
    left.erase(std::remove_if(left.begin(), left.end(),
                              [&](std::size_t i) { return std::binary_search(rank.begin(), rank.end(), i); }),
               left.end());
  }
  return chosen;
}

} // namespace tune
