#include "tune/scheduler/pb2_kernel.hpp"

#include "tune/searcher/bounded_minimum.hpp"
#include "tune/searcher/gp_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tune {
namespace {

using matrix = Eigen::MatrixXd;
using vector = Eigen::VectorXd;

const double log_two_pi = std::log(2 * std::acos(-1.0));

matrix squares(const matrix& a, const matrix& b) {
  matrix made = a * b.transpose() * -2;
  made.colwise() += a.rowwise().squaredNorm();
  made.rowwise() += b.rowwise().squaredNorm().transpose();
  return made.cwiseMax(0);
}

matrix ages(const matrix& a, const matrix& b) {
  return (a.col(0).replicate(1, b.rows()) - b.col(0).transpose().replicate(a.rows(), 1)).cwiseAbs();
}

matrix covariance_of(const matrix& squares, const matrix& ages, const vector& theta) {
  const double by_square = -std::exp(-2 * theta[pb2_kernel::log_length]) / 2;
  const double by_age = std::log1p(-theta[pb2_kernel::epsilon]) / 2;
  return (theta[pb2_kernel::log_signal] + by_square * squares.array() + by_age * ages.array()).exp();
}

struct prior {
  double mean;
  double deviation; ///< 0: all are alike.
  double low;
  double high;
};

/// Of rewards with mean 0 and deviation 1 in a unit cube. Length and epsilon as the paper has their bounds.
const std::array<prior, pb2_kernel::parameters>& priors() {
  static const std::array<prior, pb2_kernel::parameters> all = {{
    {std::log(0.4), 0.7, std::log(0.05), 0},
    {0, 1, std::log(0.05), std::log(20.0)},
    {std::log(0.1), 1.5, std::log(1e-4), std::log(2.0)},
    {0.1, 0, 1e-5, 0.5},
  }};
  return all;
}

} // namespace

matrix pb2_kernel::covariance(const matrix& a, const matrix& b, const vector& theta) {
  return covariance_of(squares(a, b), ages(a, b), theta);
}

std::optional<double> pb2_kernel::log_likelihood(const matrix& points, const vector& y, const vector& theta,
                                                 vector& gradient) {
  const matrix distances = squares(points, points);
  const matrix age = ages(points, points);
  const matrix k = covariance_of(distances, age, theta);
  const double noise = std::exp(theta[log_noise]);
  const auto factor = factored(k, noise);
  if (!factor)
    return std::nullopt;
  const vector alpha = factor->solve(y);
  const auto n = static_cast<double>(y.size());

  // d = 1/2 tr((alpha alpha' - K^-1) dK).
  matrix by = alpha * alpha.transpose();
  by -= factor->solve(matrix::Identity(y.size(), y.size()));
  const matrix weighted = by.cwiseProduct(k);
  gradient = vector(parameters);
  gradient[log_length] = weighted.cwiseProduct(distances).sum() * std::exp(-2 * theta[log_length]) / 2;
  gradient[log_signal] = weighted.sum() / 2;
  gradient[log_noise] = noise * by.trace() / 2;
  gradient[epsilon] = -weighted.cwiseProduct(age).sum() / (4 * (1 - theta[epsilon]));
  return -y.dot(alpha) / 2 - factor->matrixLLT().diagonal().array().log().sum() - n / 2 * log_two_pi;
}

vector pb2_kernel::first_guess() {
  vector theta(parameters);
  for (std::size_t i = 0; i < priors().size(); ++i)
    theta[static_cast<Eigen::Index>(i)] = priors()[i].mean;
  return theta;
}

vector pb2_kernel::fitted(const matrix& points, const vector& y) {
  vector low(parameters);
  vector high(parameters);
  for (std::size_t i = 0; i < priors().size(); ++i) {
    low[static_cast<Eigen::Index>(i)] = priors()[i].low;
    high[static_cast<Eigen::Index>(i)] = priors()[i].high;
  }
  const smooth_function negative = [&](const vector& theta, vector& gradient) {
    auto density = log_likelihood(points, y, theta, gradient);
    if (!density)
      return std::nan("");
    for (std::size_t i = 0; i < priors().size(); ++i)
      if (const auto& each = priors()[i]; each.deviation > 0) {
        const double off = (theta[static_cast<Eigen::Index>(i)] - each.mean) / each.deviation;
        *density -= off * off / 2;
        gradient[static_cast<Eigen::Index>(i)] -= off / each.deviation;
      }
    gradient = -gradient;
    return -*density;
  };
  bounded_minimum_options options;
  options.tolerance = 1e-2 * std::max(1.0, static_cast<double>(y.size()) / 50);
  return descend(negative, first_guess(), low, high, options).where;
}

} // namespace tune
