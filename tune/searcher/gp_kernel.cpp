#include "tune/searcher/gp_kernel.hpp"

#include <cmath>

namespace tune {
namespace {

constexpr double edge = 1e-6; ///< Nearer to 0 and 1 the warping's slopes have no end.

/// 1 - (1 - u^a)^b and what it is made of.
struct warp {
  warp(double u, double log_a, double log_b)
    : x(std::min(std::max(u, edge), 1 - edge)),
      a(std::exp(log_a)),
      b(std::exp(log_b)),
      power(std::pow(x, a)),
      rest(std::pow(1 - power, b)) {}

  double value() const { return 1 - rest; }
  double slope() const { return a * b * power / x * rest / (1 - power); }
  double by_log_a() const { return a * b * power * std::log(x) * rest / (1 - power); }
  double by_log_b() const { return -b * rest * std::log(1 - power); }

  double x;
  double a;
  double b;
  double power;
  double rest;
};

} // namespace

gp_kernel::gp_kernel(std::vector<std::uint64_t> choices, bool warps) : choices_(std::move(choices)), warps_(warps) {
  for (Eigen::Index i = 0; i < dimensions(); ++i)
    owners_.insert(owners_.end(), is_choice(i) ? choices_[static_cast<std::size_t>(i)] : 1, i);
}

gp_kernel::points gp_kernel::features_of(const points& x, const vector& theta) const {
  points made = points::Zero(x.rows(), features());
  Eigen::Index column = 0;
  for (Eigen::Index i = 0; i < dimensions(); ++i) {
    if (is_choice(i)) {
      for (Eigen::Index p = 0; p < x.rows(); ++p) // Two that differ have a squared distance of 1.
        made(p, column + static_cast<Eigen::Index>(x(p, i))) = std::sqrt(0.5);
      column += static_cast<Eigen::Index>(choices_[static_cast<std::size_t>(i)]);
      continue;
    }
    if (warps_)
      for (Eigen::Index p = 0; p < x.rows(); ++p)
        made(p, column) = warp(x(p, i), theta[first_exponent(i)], theta[second_exponent(i)]).value();
    else
      made.col(column) = x.col(i);
    ++column;
  }
  return made;
}

gp_kernel::vector gp_kernel::inverse_lengths(const vector& theta) const {
  vector scale(features());
  for (Eigen::Index c = 0; c < features(); ++c)
    scale[c] = std::exp(-theta[owner(c)]);
  return scale;
}

double gp_kernel::slope_of_warp(Eigen::Index dimension, double u, const vector& theta) const {
  return warps_ ? warp(u, theta[first_exponent(dimension)], theta[second_exponent(dimension)]).slope() : 1;
}

gp_kernel::warp_slopes gp_kernel::slopes_by_exponents(const points& x, Eigen::Index dimension,
                                                      const vector& theta) const {
  warp_slopes made{vector(x.rows()), vector(x.rows())};
  for (Eigen::Index p = 0; p < x.rows(); ++p) {
    const warp at(x(p, dimension), theta[first_exponent(dimension)], theta[second_exponent(dimension)]);
    made.by_first[p] = at.by_log_a();
    made.by_second[p] = at.by_log_b();
  }
  return made;
}

Eigen::MatrixXd gp_kernel::distances(const points& a, const points& b) {
  Eigen::MatrixXd squares = a * b.transpose() * -2;
  squares.colwise() += a.rowwise().squaredNorm();
  squares.rowwise() += b.rowwise().squaredNorm().transpose();
  return (5 * squares.array().max(0)).sqrt();
}

Eigen::MatrixXd gp_kernel::correlation(const Eigen::MatrixXd& distances) {
  const auto t = distances.array();
  return (1 + t + t.square() / 3) * (-t).exp();
}

Eigen::MatrixXd gp_kernel::steepness(const Eigen::MatrixXd& distances) {
  const auto t = distances.array();
  return 5.0 / 3.0 * (1 + t) * (-t).exp();
}

} // namespace tune
