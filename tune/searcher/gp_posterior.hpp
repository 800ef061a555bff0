#pragma once

#include "tune/searcher/acquisition.hpp"
#include "tune/searcher/gp_kernel.hpp"

namespace tune {

/// What a Gaussian process says of other points, knowing those that have ended and, of those that are pending, where
/// they are: of what they will give it imagines several outcomes (fantasies, Snoek et al. 2012), and each is a column.
class gp_posterior final : public acquisition {
public:
  using matrix = Eigen::MatrixXd;

  /// More is better in `y`. `pending` may have no rows. `fantasies`: standard normal numbers, a row for each pending
  /// point, a column for each imagined outcome; without pending points there is one column.
  gp_posterior(const gp_kernel& kernel, vector theta, points ended, const vector& y, points pending,
               const matrix& fantasies);

  /// The value to improve on in each column: of what has ended, and of the imagined.
  const vector& best() const noexcept { return best_; }
  /// By which the mean is thought to be best of those that have ended.
  const vector& ended_means() const noexcept { return ended_means_; }

  /// By all columns together.
  vector log_improvement(const points& x) const override;
  double log_improvement(const vector& x, vector& gradient) const override;

  // For those who have several of them decide together.
  struct moments {
    matrix means; ///< A row for each of its columns, a column for each point.
    vector variances;
  };
  moments moments_at(const points& x) const;

  /// What is thought of one point, and how that came about.
  struct look {
    vector means; ///< By column.
    double variance = 0;
    points features;
    matrix distances;
    vector solved; ///< Of the covariances with what is known, by their factor.
  };
  look look_at(const vector& x) const;
  /// How something changes with each number of the point, of which it is known how it changes with what is thought.
  vector slope(const vector& x, const look& there, const vector& by_means, double by_variance) const;

  struct normal {
    double mean;
    double variance;
  };
  normal at(const vector& x) const; ///< By the first column.

private:
  const gp_kernel& kernel_;
  vector theta_;
  double signal_;
  vector scale_; ///< By feature.
  points raw_;   ///< Features of all points.
  points scaled_;
  matrix lower_; ///< The factor of their covariance.
  matrix alpha_; ///< Their weights, by column.
  vector best_;
  vector ended_means_;
};

} // namespace tune
