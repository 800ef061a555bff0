#pragma once

#include <Eigen/Core>

namespace tune {

/// The logarithm of the improvement that is expected on average over several imagined outcomes of pending trials, and
/// how it changes with what is thought of the point.
struct imagined_improvement {
  double value = 0;
  Eigen::VectorXd by_means; ///< A number for each outcome.
  double by_variance = 0;
};

/// `means` of the point and the values to improve on, `best`: one for each outcome. `variance` is above 0.
imagined_improvement log_imagined_improvement(const Eigen::VectorXd& means, double variance,
                                              const Eigen::VectorXd& best);

} // namespace tune
