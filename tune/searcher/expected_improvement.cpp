#include "tune/searcher/expected_improvement.hpp"

#include <cmath>

namespace tune {
namespace {

const double half_log_two_pi = 0.5 * std::log(2 * std::acos(-1.0));
const double root_of_half_pi = std::sqrt(std::acos(-1.0) / 2);
const double root_of_pi = std::sqrt(std::acos(-1.0));

double density(double z) {
  return std::exp(-z * z / 2 - half_log_two_pi);
}

double share_below(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

/// exp(x^2) erfc(x), for x > 0: where that would be 0 times infinity, by Lentz's continued fraction.
double scaled_erfc(double x) {
  if (x < 2)
    return std::exp(x * x) * std::erfc(x);
  double fraction = x;
  for (int i = 60; i >= 1; --i)
    fraction = x + i / 2.0 / fraction;
  return 1 / (root_of_pi * fraction);
}

/// Phi(z) / phi(z), for z < 0.
double mills_ratio(double z) {
  return root_of_half_pi * scaled_erfc(-z / std::sqrt(2.0));
}

constexpr double tail = -1;
constexpr double far_tail = -1e5; ///< There 1 + z * mills_ratio(z) is 1/z^2 to all digits, but computes as noise.

double excess_by_density(double z) { ///< (phi + z Phi) / phi.
  return z < far_tail ? 1 / (z * z) : 1 + z * mills_ratio(z);
}

} // namespace

double log_expected_excess(double z) noexcept {
  if (z > tail)
    return std::log(density(z) + z * share_below(z));
  return -z * z / 2 - half_log_two_pi + std::log(excess_by_density(z));
}

log_improvement log_expected_improvement(double mean, double deviation, double over) noexcept {
  const double z = (mean - over) / deviation;
  const double value = log_expected_excess(z) + std::log(deviation);
  if (z > tail) {
    const double excess = density(z) + z * share_below(z);
    return {value, share_below(z) / excess / deviation, density(z) / excess / deviation};
  }
  const double by_density = excess_by_density(z);
  return {value, mills_ratio(z) / by_density / deviation, 1 / by_density / deviation};
}

} // namespace tune
