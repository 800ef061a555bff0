#include "tune/scheduler/signed_rank.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace tune {
namespace {

constexpr std::size_t most_exact = 50; ///< The counts of all signs, 2^50, are whole in double.

/// The share of the 2^n signs of the ranks 1 to n whose positive ones sum up to at least `sum`.
double exact_tail(std::size_t n, std::size_t sum) {
  std::vector<double> ways(n * (n + 1) / 2 + 1, 0.0);
  ways[0] = 1;
  for (std::size_t rank = 1; rank <= n; ++rank)
    for (std::size_t i = ways.size(); i-- > rank;)
      ways[i] += ways[i - rank];
  const auto first = ways.begin() + static_cast<std::ptrdiff_t>(std::min(sum, ways.size()));
  return std::ldexp(std::accumulate(first, ways.end(), 0.0), -static_cast<int>(n));
}

} // namespace

double signed_rank_p_greater(const std::vector<double>& differences) {
  if (differences.empty())
    return 1;
  auto all = differences;
  std::sort(all.begin(), all.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
  double positive = 0; // The sum of their ranks.
  double tied = 0;
  for (std::size_t i = 0; i < all.size();) {
    auto end = i;
    double share = 0; // Of those of this size that count as positive.
    for (; end < all.size() && std::abs(all[end]) == std::abs(all[i]); ++end)
      share += all[end] > 0 ? 1 : all[end] == 0 ? 0.5 : 0;
    positive += share * static_cast<double>(i + 1 + end) / 2;
    const auto size = static_cast<double>(end - i);
    tied += size * size * size - size;
    i = end;
  }
  const bool has_zeros = all.front() == 0;
  if (all.size() <= most_exact && tied == 0 && !has_zeros)
    return exact_tail(all.size(), static_cast<std::size_t>(positive));
  const auto n = static_cast<double>(all.size());
  const double deviation = std::sqrt((n * (n + 1) * (2 * n + 1) - tied / 2) / 24);
  return 0.5 * std::erfc((positive - n * (n + 1) / 4) / deviation / std::sqrt(2.0));
}

} // namespace tune
