#include "tune/searcher/cma_covariance.hpp"

#include <cmath>

#include <Eigen/Eigenvalues>

namespace tune {
namespace {

constexpr double least_variance = 1e-8; ///< Instead of a negative one, which only rounding makes.

} // namespace

cma_covariance::cma_covariance(Eigen::Index dimensions, form which)
  : cma_covariance(which == form::full ? Eigen::MatrixXd::Identity(dimensions, dimensions).eval()
                                       : Eigen::MatrixXd::Ones(dimensions, 1).eval(),
                   which) {
}

cma_covariance::cma_covariance(const Eigen::MatrixXd& start, form which) : form_(which) {
  if (form_ == form::full)
    matrix_ = start;
  else
    diagonal_ = start.rows() == start.cols() ? Eigen::VectorXd(start.diagonal()) : Eigen::VectorXd(start.col(0));
  decompose();
}

Eigen::VectorXd cma_covariance::spread(const Eigen::VectorXd& z) const {
  if (form_ == form::diagonal)
    return lengths_.cwiseProduct(z);
  return axes_ * lengths_.cwiseProduct(z);
}

Eigen::VectorXd cma_covariance::whitened(const Eigen::VectorXd& y) const {
  if (form_ == form::diagonal)
    return y.cwiseQuotient(lengths_);
  return axes_ * (axes_.transpose() * y).cwiseQuotient(lengths_);
}

Eigen::VectorXd cma_covariance::axis(Eigen::Index i) const {
  return form_ == form::full ? Eigen::VectorXd(axes_.col(i)) : Eigen::VectorXd::Unit(dimensions(), i);
}

bool cma_covariance::is_finite() const {
  return lengths_.allFinite() && deviations_.allFinite() && (form_ == form::diagonal || axes_.allFinite());
}

void cma_covariance::update(double kept, const std::vector<part>& parts) {
  if (form_ == form::diagonal) {
    diagonal_ *= kept;
    for (const auto& each : parts)
      diagonal_ += each.weight * each.direction.cwiseAbs2();
  } else {
    matrix_ *= kept;
    for (const auto& each : parts)
      matrix_.selfadjointView<Eigen::Lower>().rankUpdate(each.direction, each.weight);
  }
  decompose();
}

void cma_covariance::decompose() {
  if (form_ == form::diagonal || matrix_.rows() == 0) { // Eigen's solver takes no empty matrix.
    for (auto& each : diagonal_)
      each = each > 0 ? each : least_variance;
    lengths_ = diagonal_.cwiseSqrt();
    deviations_ = lengths_;
    return;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix_); // It looks at the lower half only.
  if (solver.info() != Eigen::Success) {
    lengths_ = Eigen::VectorXd::Constant(matrix_.rows(), std::nan(""));
    deviations_ = lengths_;
    axes_ = Eigen::MatrixXd::Identity(matrix_.rows(), matrix_.cols());
    return;
  }
  Eigen::VectorXd variances = solver.eigenvalues();
  axes_ = solver.eigenvectors();
  bool is_positive = true;
  for (Eigen::Index i = 0; i < variances.size(); ++i) {
    is_positive = is_positive && variances[i] > 0;
    variances[i] = variances[i] > 0 ? variances[i] : least_variance;
    Eigen::Index largest = 0; // The sign of an eigenvector is anybody's: the one whose largest number is positive.
    axes_.col(i).cwiseAbs().maxCoeff(&largest);
    if (axes_(largest, i) < 0)
      axes_.col(i) *= -1;
  }
  if (!is_positive)
    matrix_ = axes_ * variances.asDiagonal() * axes_.transpose();
  lengths_ = variances.cwiseSqrt();
  deviations_ = matrix_.diagonal().cwiseSqrt();
}

} // namespace tune
