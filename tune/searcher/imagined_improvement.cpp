#include "tune/searcher/imagined_improvement.hpp"

#include "tune/searcher/expected_improvement.hpp"

#include <cmath>

namespace tune {

imagined_improvement log_imagined_improvement(const Eigen::VectorXd& means, double variance,
                                              const Eigen::VectorXd& best) {
  const double deviation = std::sqrt(variance);
  const auto outcomes = means.size();
  Eigen::VectorXd values(outcomes);
  Eigen::VectorXd mean_slopes(outcomes);
  Eigen::VectorXd deviation_slopes(outcomes);
  for (Eigen::Index s = 0; s < outcomes; ++s) {
    const auto each = log_expected_improvement(means[s], deviation, best[s]);
    values[s] = each.value;
    mean_slopes[s] = each.by_mean;
    deviation_slopes[s] = each.by_deviation;
  }
  const double greatest = values.maxCoeff();
  const Eigen::VectorXd shares = (values.array() - greatest).exp();
  const double sum = shares.sum();
  imagined_improvement made;
  made.value = greatest + std::log(sum / static_cast<double>(outcomes));
  made.by_means = shares.cwiseProduct(mean_slopes) / sum;
  made.by_variance = shares.dot(deviation_slopes) / sum / (2 * deviation);
  return made;
}

} // namespace tune
