#include "tune/searcher/target_warp.hpp"

#include "tune/space/standard_normal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune {
namespace {

constexpr double farthest = 1e100; ///< From the median; of what lies beyond nothing is told apart.

std::vector<double> finite_of(const std::vector<double>& values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  std::sort(finite.begin(), finite.end());
  return finite;
}

double median_of(const std::vector<double>& sorted) {
  const auto half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2; // Their sum may overflow.
}

/// Around `middle`, of those above it.
double deviation_of_better(const std::vector<double>& unique, double middle) {
  double sum = 0;
  double count = 0;
  for (const double x : unique)
    if (x >= middle) {
      sum += (x - middle) * (x - middle);
      ++count;
    }
  if (sum > 0)
    return std::sqrt(sum / count);
  for (const double x : unique)
    sum += (x - middle) * (x - middle);
  return std::sqrt(sum / static_cast<double>(unique.size()));
}

} // namespace

std::vector<double> half_rank_warped(std::vector<double> values) {
  auto unique = finite_of(values);
  if (unique.empty())
    return values;
  const double middle = median_of(unique);
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  if (unique.size() == 1)
    return values;
  const double deviation = deviation_of_better(unique, middle);
  const auto first = std::lower_bound(unique.begin(), unique.end(), middle);
  const auto has_middle = first != unique.end() && *first == middle;
  const double ranks = static_cast<double>(first - unique.begin()) + (has_middle ? 0.5 : 0);
  for (double& x : values) {
    if (!(x < middle) || !std::isfinite(x))
      continue;
    const auto rank = static_cast<double>(std::lower_bound(unique.begin(), unique.end(), x) - unique.begin()) + 1;
    x = middle + deviation * normal_quantile(0.5 * (rank - 0.5) / ranks);
  }
  return values;
}

namespace {

/// Losses as they are told apart best: how far they are from the median, where the better half's greatest distance
/// is 1. The largest double has no square, and beside it nothing else would be seen.
std::vector<double> scaled(const std::vector<double>& losses) {
  std::vector<double> values;
  for (const double x : losses)
    values.push_back(std::isfinite(x) ? -x : std::numeric_limits<double>::quiet_NaN());
  const auto finite = finite_of(values);
  if (finite.empty())
    return values;
  const double middle = median_of(finite);
  double scale = finite.back() / 2 - middle / 2;
  if (!(scale > 0))
    scale = middle / 2 - finite.front() / 2;
  if (!(scale > 0))
    scale = 1;
  for (double& x : values)
    if (!std::isnan(x))
      x = std::max((x / 2 - middle / 2) / scale, -farthest);
  return values;
}

} // namespace

std::vector<double> targets_of(const std::vector<double>& losses) {
  auto targets = half_rank_warped(scaled(losses));
  const auto finite = finite_of(targets);
  if (finite.empty())
    return std::vector<double>(losses.size(), 0);
  const auto count = static_cast<double>(finite.size());
  double mean = 0;
  for (const double x : finite)
    mean += x / count;
  double variance = 0;
  for (const double x : finite)
    variance += (x - mean) * (x - mean) / count;
  const double deviation = std::sqrt(variance);
  const bool differ = finite.front() < finite.back();
  const double worst = differ ? (finite.front() - mean) / deviation - 1 : -1;
  // As if half a trial more had ended well.
  const double share = (0.5 + count) / (1 + static_cast<double>(losses.size()));
  const double shift = finite.size() == losses.size() ? 0 : -(1 - share) * worst;
  for (double& x : targets)
    x = (std::isnan(x) ? worst : differ ? (x - mean) / deviation : 0) + shift;
  return targets;
}

} // namespace tune
