#pragma once

#include <functional>

#include <Eigen/Core>

namespace tune {

struct bounded_minimum_options {
  int iterations = 30;
  double tolerance = 1e-2; ///< Of the largest slope within the bounds.
  int memory = 10;         ///< Steps from which curvature is learned.
};

/// The value at x, and its slope into `gradient`. What is not finite is taken for too high.
using smooth_function = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

struct bounded_minimum {
  Eigen::VectorXd where;
  double value = 0;
};

/// Goes downhill from a point within the bounds, by L-BFGS with projection onto them. Never above where it began.
bounded_minimum descend(const smooth_function& function, Eigen::VectorXd from, const Eigen::VectorXd& low,
                        const Eigen::VectorXd& high, const bounded_minimum_options& options = {});

} // namespace tune
