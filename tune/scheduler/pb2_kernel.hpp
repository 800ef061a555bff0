#pragma once

#include <optional>

#include <Eigen/Core>

namespace tune {

/// The covariance of population based bandits: squared exponential of all numbers, times (1 - epsilon)^(|t - t'| / 2),
/// so that what was long ago counts for less (Parker-Holder et al. 2020, arXiv:2002.02518, section 4).
class pb2_kernel {
public:
  using matrix = Eigen::MatrixXd;
  using vector = Eigen::VectorXd;

  /// What is learned is one vector: these are its places.
  enum place : Eigen::Index { log_length, log_signal, log_noise, epsilon };
  static constexpr Eigen::Index parameters = 4;

  static matrix covariance(const matrix& a, const matrix& b, const vector& theta); ///< Points are rows; no noise.

  /// The logarithm of the likelihood, and how it changes; none: the covariance cannot be factored.
  static std::optional<double> log_likelihood(const matrix& points, const vector& y, const vector& theta,
                                              vector& gradient);
  static vector first_guess();
  /// The most likely parameters, with epsilon in [1e-5, 0.5] and a length of at most 1. Few rows say little of them:
  /// priors that are wide keep the others near to the first guess.
  static vector fitted(const matrix& points, const vector& y);
};

} // namespace tune
