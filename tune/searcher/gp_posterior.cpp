#include "tune/searcher/gp_posterior.hpp"

#include "tune/searcher/gp_fit.hpp"
#include "tune/searcher/imagined_improvement.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr double least_variance = 1e-12;
constexpr double little_noise = 1e-3; ///< Below it what was seen is what there is.

gp_kernel::points both(const gp_kernel::points& a, const gp_kernel::points& b) {
  gp_kernel::points all(a.rows() + b.rows(), a.cols());
  all << a, b;
  return all;
}

} // namespace

gp_posterior::gp_posterior(const gp_kernel& kernel, vector theta, points ended, const vector& y, points pending,
                           const matrix& fantasies)
  : kernel_(kernel),
    theta_(std::move(theta)),
    signal_(std::exp(theta_[kernel.signal()])),
    scale_(kernel.inverse_lengths(theta_)) {
  const auto n = ended.rows();
  const auto columns = std::max<Eigen::Index>(pending.rows() == 0 ? 1 : fantasies.cols(), 1);
  raw_ = kernel_.features_of(both(ended, pending), theta_);
  scaled_ = raw_ * scale_.asDiagonal();
  const matrix covariance = signal_ * gp_kernel::correlation(gp_kernel::distances(scaled_, scaled_));
  const double noise = std::exp(theta_[kernel.noise()]);
  auto factor = factored(covariance, noise);
  if (!factor) // Points that differ by next to nothing: as if all were noise. Not seen; but never throws.
    factor = factored(covariance, signal_);
  lower_ = factor->matrixL();
  // With K = L L', what is imagined of the pending ones is what L makes of numbers that are normal and independent.
  matrix whitened(covariance.rows(), columns);
  const vector ended_part = lower_.topLeftCorner(n, n).triangularView<Eigen::Lower>().solve(y);
  whitened.topRows(n) = ended_part.replicate(1, columns);
  if (pending.rows() > 0)
    whitened.bottomRows(pending.rows()) = fantasies;
  alpha_ = lower_.triangularView<Eigen::Lower>().transpose().solve(whitened);

  const vector ended_alpha = lower_.topLeftCorner(n, n).triangularView<Eigen::Lower>().transpose().solve(ended_part);
  ended_means_ = covariance.topLeftCorner(n, n) * ended_alpha;
  const double seen = n == 0 ? 0 : noise > little_noise ? ended_means_.maxCoeff() : y.maxCoeff();
  best_ = vector::Constant(columns, seen);
  if (pending.rows() > 0) {
    const matrix imagined = covariance.bottomRows(pending.rows()) * alpha_; // Without their noise.
    best_ = best_.cwiseMax(imagined.colwise().maxCoeff().transpose());
  }
}

gp_posterior::moments gp_posterior::moments_at(const points& x) const {
  if (x.rows() == 0)
    return {matrix(alpha_.cols(), 0), vector()};
  const points features = kernel_.features_of(x, theta_) * scale_.asDiagonal();
  matrix k = signal_ * gp_kernel::correlation(gp_kernel::distances(scaled_, features)); // A column for each point.
  moments made;
  made.means = alpha_.transpose() * k;
  lower_.triangularView<Eigen::Lower>().solveInPlace(k);
  made.variances = (signal_ - k.colwise().squaredNorm().array()).max(least_variance);
  return made;
}

acquisition::vector gp_posterior::log_improvement(const points& x) const {
  const auto there = moments_at(x);
  vector values(x.rows());
  for (Eigen::Index p = 0; p < x.rows(); ++p)
    values[p] = log_imagined_improvement(there.means.col(p), there.variances[p], best_).value;
  return values;
}

gp_posterior::look gp_posterior::look_at(const vector& x) const {
  look there;
  there.features = kernel_.features_of(x.transpose(), theta_);
  const points scaled = there.features * scale_.asDiagonal();
  there.distances = gp_kernel::distances(scaled_, scaled);
  const vector k = signal_ * gp_kernel::correlation(there.distances);
  there.solved = lower_.triangularView<Eigen::Lower>().solve(k);
  there.variance = std::max(signal_ - there.solved.squaredNorm(), least_variance);
  lower_.triangularView<Eigen::Lower>().transpose().solveInPlace(there.solved);
  there.means = alpha_.transpose() * k;
  return there;
}

/// Of each covariance: dk/du = -s2 (5/3) (1 + t) exp(-t) w (u - u_i).
acquisition::vector gp_posterior::slope(const vector& x, const look& there, const vector& by_means,
                                        double by_variance) const {
  const vector weights = (alpha_ * by_means - 2 * by_variance * there.solved)
                           .cwiseProduct(signal_ * vector(gp_kernel::steepness(there.distances)));
  const double sum = weights.sum();
  const vector pulled = raw_.transpose() * weights;
  vector gradient = vector::Zero(x.size());
  for (Eigen::Index c = 0; c < there.features.cols(); ++c)
    if (const auto owner = kernel_.owner(c); !kernel_.is_choice(owner))
      gradient[owner] = -scale_[c] * scale_[c] * (there.features(0, c) * sum - pulled[c]) *
                        kernel_.slope_of_warp(owner, x[owner], theta_);
  return gradient;
}

double gp_posterior::log_improvement(const vector& x, vector& gradient) const {
  const auto there = look_at(x);
  const auto found = log_imagined_improvement(there.means, there.variance, best_);
  gradient = slope(x, there, found.by_means, found.by_variance);
  return found.value;
}

gp_posterior::normal gp_posterior::at(const vector& x) const {
  const points features = kernel_.features_of(x.transpose(), theta_) * scale_.asDiagonal();
  const vector k = signal_ * gp_kernel::correlation(gp_kernel::distances(scaled_, features));
  const vector solved = lower_.triangularView<Eigen::Lower>().solve(k);
  return {alpha_.col(0).dot(k), std::max(signal_ - solved.squaredNorm(), least_variance)};
}

} // namespace tune
