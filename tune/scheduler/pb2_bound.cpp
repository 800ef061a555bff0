#include "tune/scheduler/pb2_bound.hpp"

#include "tune/scheduler/pb2_kernel.hpp"
#include "tune/searcher/gp_fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tune {
namespace {

using matrix = Eigen::MatrixXd;
using vector = Eigen::VectorXd;

constexpr double least_variance = 1e-12;

} // namespace

pb2_bound::pb2_bound(vector theta, const matrix& rows, const vector& gains, const matrix& trying)
  : theta_(std::move(theta)),
    points_(rows.rows() + trying.rows(), rows.cols()),
    signal_(std::exp(theta_[pb2_kernel::log_signal])),
    by_deviation_(std::sqrt(beta_of(rows.rows()))) {
  points_ << rows, trying;
  const matrix k = pb2_kernel::covariance(points_, points_, theta_);
  auto factor = factored(k, std::exp(theta_[pb2_kernel::log_noise]));
  if (!factor) // Not seen; but never throws.
    factor = factored(k, signal_);
  lower_ = factor->matrixL();
  const auto of_rows = lower_.topLeftCorner(rows.rows(), rows.rows()).triangularView<Eigen::Lower>();
  weights_ = of_rows.solve(gains);
  of_rows.transpose().solveInPlace(weights_);
}

double pb2_bound::beta_of(Eigen::Index rows) {
  return 0.2 + std::max(0.0, std::log(0.4 * static_cast<double>(std::max<Eigen::Index>(rows, 1))));
}

pb2_bound::normal pb2_bound::at(const vector& point) const {
  const vector k = pb2_kernel::covariance(points_, point.transpose(), theta_);
  const vector solved = lower_.triangularView<Eigen::Lower>().solve(k);
  return {weights_.dot(k.head(weights_.size())), std::sqrt(std::max(signal_ - solved.squaredNorm(), least_variance))};
}

vector pb2_bound::values(const matrix& points) const {
  matrix k = pb2_kernel::covariance(points_, points, theta_); // A column for each point.
  const vector means = k.topRows(weights_.size()).transpose() * weights_;
  lower_.triangularView<Eigen::Lower>().solveInPlace(k);
  const vector variances = (signal_ - k.colwise().squaredNorm().array()).max(least_variance);
  return means + by_deviation_ * variances.cwiseSqrt();
}

double pb2_bound::value(const vector& point, vector& gradient) const {
  const vector k = pb2_kernel::covariance(points_, point.transpose(), theta_);
  vector solved = lower_.triangularView<Eigen::Lower>().solve(k);
  const double deviation = std::sqrt(std::max(signal_ - solved.squaredNorm(), least_variance));
  lower_.triangularView<Eigen::Lower>().transpose().solveInPlace(solved);
  const double mean = weights_.dot(k.head(weights_.size()));

  // Of the mean by each covariance its weight; of the deviation -(K^-1 k) / deviation. dk/dx = -k (x - x_i) / l^2; that
  // age counts, too, is left out: time is not what is searched.
  vector slopes = -by_deviation_ / deviation * solved;
  slopes.head(weights_.size()) += weights_;
  slopes = slopes.cwiseProduct(k);
  gradient = -std::exp(-2 * theta_[pb2_kernel::log_length]) * (point * slopes.sum() - points_.transpose() * slopes);
  return mean + by_deviation_ * deviation;
}

} // namespace tune
