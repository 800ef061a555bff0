#pragma once

#include <optional>

#include "tune/chance.hpp"
#include "tune/searcher/gp_kernel.hpp"

#include <Eigen/Cholesky>

namespace tune {

/// Learns the parameters of a Gaussian process: those that are most likely, with priors whose lengths grow with the
/// dimensions (Hvarfner et al. 2024, arXiv:2402.02229).
class gp_fit {
public:
  /// `least_noise`: variance, where the targets' is 1.
  gp_fit(const gp_kernel& kernel, double least_noise);

  Eigen::VectorXd most_likely_before() const; ///< By the priors alone.

  /// The logarithm of likelihood and priors, up to a constant, and how it changes; none: the covariance cannot be
  /// factored.
  std::optional<double> log_density(const gp_kernel::points& x, const Eigen::VectorXd& y, const Eigen::VectorXd& theta,
                                    Eigen::VectorXd& gradient) const;
  /// The likelihood's part of it.
  std::optional<double> log_likelihood(const gp_kernel::points& x, const Eigen::VectorXd& y,
                                       const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;

  /// From `before`, if there is one, and else from the prior and one draw of it.
  Eigen::VectorXd fit(const gp_kernel::points& x, const Eigen::VectorXd& y,
                      const std::optional<Eigen::VectorXd>& before, const chance& random) const;

private:
  struct normal_prior {
    double mean;
    double variance;
    bool is_of_logarithm; ///< Else of a density of the parameter itself, which is log-normal.
    double low;
    double high;
  };
  double log_prior(const Eigen::VectorXd& theta, Eigen::VectorXd& gradient) const;

  const gp_kernel& kernel_;
  std::vector<normal_prior> priors_; ///< For each parameter.
};

/// The lower factor of a covariance with noise on its diagonal, with as much more noise as it needs; none: it has none.
std::optional<Eigen::LLT<Eigen::MatrixXd>> factored(const Eigen::MatrixXd& covariance, double noise);

} // namespace tune
