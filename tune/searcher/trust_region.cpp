#include "tune/searcher/trust_region.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune {
namespace {

constexpr std::size_t enough_successes = 3;
constexpr std::size_t least_failures = 4;
constexpr double noticeable = 1e-3; ///< Of what the best is.

} // namespace

trust_region::trust_region(std::size_t dimensions)
  : most_failures_(std::max(least_failures, dimensions)),
    best_(std::numeric_limits<double>::infinity()) {
}

void trust_region::on_first(double loss) {
  if (loss < best_)
    best_ = loss;
}

void trust_region::on_end(double loss) {
  const bool is_success = loss < best_ - (std::isfinite(best_) ? noticeable * std::abs(best_) : 0);
  on_first(loss);
  successes_ = is_success ? successes_ + 1 : 0;
  failures_ = is_success ? 0 : failures_ + 1;
  if (successes_ == enough_successes) {
    side_ = std::min(2 * side_, greatest_side);
    successes_ = 0;
  } else if (failures_ == most_failures_) {
    side_ = side_ / 2 < least_side ? first_side : side_ / 2;
    failures_ = 0;
  }
}

trust_region::box trust_region::around(const Eigen::VectorXd& centre, const Eigen::VectorXd& lengths) const {
  const double mean = std::exp(lengths.array().log().mean());
  const Eigen::VectorXd half = side_ / 2 * lengths / mean;
  return {(centre - half).cwiseMax(0).cwiseMin(1), (centre + half).cwiseMax(0).cwiseMin(1)};
}

} // namespace tune
