#pragma once

#include <vector>

#include "tune/searcher/cma_covariance.hpp"

namespace tune {

/// A normal distribution: deviation times one whose covariance has the determinant 1.
struct normal_start {
  Eigen::VectorXd mean;
  double deviation;
  cma_covariance covariance;
};

/// The normal distribution that is most like where the good points of an earlier search lie, each blurred a little
/// (Nomura et al. 2021, arXiv:2012.06932). At least one point.
normal_start warm_start(const std::vector<Eigen::VectorXd>& good, cma_covariance::form form);

} // namespace tune
