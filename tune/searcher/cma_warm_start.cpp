#include "tune/searcher/cma_warm_start.hpp"

#include <cmath>

namespace tune {
namespace {

constexpr double blur = 0.1; ///< The deviation of each point, of the axes' length.

/// Scales the matrix; returns by what.
double take_size_out(Eigen::MatrixXd& covariance, const Eigen::VectorXd& lengths) {
  const double size = std::exp(lengths.array().log().mean()); // det^(1/2N)
  covariance /= size * size;
  return size;
}

} // namespace

normal_start warm_start(const std::vector<Eigen::VectorXd>& good, cma_covariance::form form) {
  const auto n = good.front().size();
  const auto count = static_cast<double>(good.size());
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(n);
  for (const auto& each : good)
    mean += each / count;
  Eigen::MatrixXd covariance = blur * blur * Eigen::MatrixXd::Identity(n, n);
  for (const auto& each : good)
    covariance += (each - mean) * (each - mean).transpose() / count;
  const double deviation = n > 0 ? take_size_out(covariance, cma_covariance(covariance, form).lengths()) : blur;
  return {std::move(mean), deviation, cma_covariance(covariance, form)};
}

} // namespace tune
