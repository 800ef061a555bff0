#pragma once

#include <Eigen/Core>

namespace tune {

/// What a Gaussian process's proposals are chosen by: what is expected of trying a point. More is better.
class acquisition {
public:
  using points = Eigen::MatrixXd; ///< One a row.
  using vector = Eigen::VectorXd;

  virtual ~acquisition() = default;

  /// Logarithm of the expected improvement at each point.
  virtual vector log_improvement(const points& x) const = 0;
  /// At one point, and how it changes with each number of it; choices have no slope.
  virtual double log_improvement(const vector& x, vector& gradient) const = 0;
};

} // namespace tune
