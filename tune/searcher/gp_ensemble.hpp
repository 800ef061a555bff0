#pragma once

#include <vector>

#include "tune/searcher/acquisition.hpp"
#include "tune/searcher/gp_posterior.hpp"

namespace tune {

/// Several Gaussian processes that are believed each to a part: the mean is the weighted mean of theirs, the variance
/// the sum of theirs times the square of their weights (MFES-HB, Li et al. 2021, arXiv:2012.03011).
class gp_ensemble final : public acquisition {
public:
  struct member {
    gp_posterior posterior;
    double weight;
  };

  /// At least one; those that imagine outcomes of pending trials imagine equally many. `known`: the points of which the
  /// best is the one to improve on; at least one.
  gp_ensemble(std::vector<member> members, const points& known);

  /// The value to improve on in each column of the imagined outcomes.
  const vector& best() const noexcept { return best_; }

  vector log_improvement(const points& x) const override;
  double log_improvement(const vector& x, vector& gradient) const override;

private:
  gp_posterior::moments moments_at(const points& x) const;

  std::vector<member> members_;
  Eigen::Index columns_ = 1;
  vector best_;
};

} // namespace tune
