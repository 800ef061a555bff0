#include "tune/searcher/gp_ensemble.hpp"

#include "tune/searcher/imagined_improvement.hpp"

#include <algorithm>

namespace tune {

gp_ensemble::gp_ensemble(std::vector<member> members, const points& known) : members_(std::move(members)) {
  for (const auto& each : members_)
    columns_ = std::max(columns_, each.posterior.best().size());
  best_ = moments_at(known).means.rowwise().maxCoeff();
}

/// One of a model that knows of no pending trial is the same in each column.
gp_posterior::moments gp_ensemble::moments_at(const points& x) const {
  gp_posterior::moments all{gp_posterior::matrix::Zero(columns_, x.rows()), vector::Zero(x.rows())};
  for (const auto& each : members_) {
    const auto own = each.posterior.moments_at(x);
    all.means += each.weight * own.means.replicate(columns_ / own.means.rows(), 1);
    all.variances += each.weight * each.weight * own.variances;
  }
  return all;
}

acquisition::vector gp_ensemble::log_improvement(const points& x) const {
  const auto there = moments_at(x);
  vector values(x.rows());
  for (Eigen::Index p = 0; p < x.rows(); ++p)
    values[p] = log_imagined_improvement(there.means.col(p), there.variances[p], best_).value;
  return values;
}

double gp_ensemble::log_improvement(const vector& x, vector& gradient) const {
  std::vector<gp_posterior::look> looks;
  vector means = vector::Zero(columns_);
  double variance = 0;
  for (const auto& each : members_) {
    looks.push_back(each.posterior.look_at(x));
    means += each.weight * looks.back().means.replicate(columns_ / looks.back().means.size(), 1);
    variance += each.weight * each.weight * looks.back().variance;
  }
  const auto found = log_imagined_improvement(means, variance, best_);
  gradient = vector::Zero(x.size());
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const auto& [posterior, weight] = members_[k];
    vector by_means = weight * found.by_means;
    if (looks[k].means.size() == 1)
      by_means = vector::Constant(1, by_means.sum()).eval();
    gradient += posterior.slope(x, looks[k], by_means, weight * weight * found.by_variance);
  }
  return found.value;
}

} // namespace tune
