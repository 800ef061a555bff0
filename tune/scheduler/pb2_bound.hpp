#pragma once

#include <Eigen/Core>

namespace tune {

/// How good values may be: the upper confidence bound mean + sqrt(beta) deviation of a Gaussian process. The mean knows
/// the rows; the deviation knows also what is being tried, as where nothing is uncertain any more nothing need be tried
/// again, whatever comes of it (Desautels et al. 2014, GP-BUCB).
class pb2_bound {
public:
  using matrix = Eigen::MatrixXd;
  using vector = Eigen::VectorXd;

  /// `rows`, `trying`: points, one a row; of trying there may be none. `gains`: of the rows.
  pb2_bound(vector theta, const matrix& rows, const vector& gains, const matrix& trying);

  static double beta_of(Eigen::Index rows); ///< 0.2 + log(0.4 rows), at least 0.2.

  struct normal {
    double mean;
    double deviation;
  };
  normal at(const vector& point) const;

  vector values(const matrix& points) const;
  double value(const vector& point, vector& gradient) const; ///< And how it changes with each number but time.

private:
  vector theta_;
  matrix points_;  ///< Rows, then what is being tried.
  matrix lower_;   ///< The factor of their covariance.
  vector weights_; ///< Of the rows.
  double signal_;
  double by_deviation_;
};

} // namespace tune
