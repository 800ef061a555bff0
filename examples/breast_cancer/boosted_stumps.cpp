#include "boosted_stumps.hpp"

#include <algorithm>
#include <numeric>
#include <random>

void boosted_stumps::train(const Eigen::MatrixXd& features, const Eigen::VectorXd& labels) {
  order_.assign(static_cast<std::size_t>(features.cols()), {});
  for (Eigen::Index f = 0; f < features.cols(); ++f) {
    auto& order = order_[static_cast<std::size_t>(f)];
    order.resize(static_cast<std::size_t>(features.rows()));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](Eigen::Index a, Eigen::Index b) { return features(a, f) < features(b, f); });
  }
  stumps_.clear();
  std::mt19937 random(1);
  Eigen::ArrayXd scores = Eigen::ArrayXd::Zero(features.rows());
  for (int round = 0; round < rounds_; ++round) {
    const Eigen::VectorXd gradient = labels.array() - 1.0 / (1.0 + (-scores).exp());
    std::vector<bool> chosen(static_cast<std::size_t>(features.rows()));
    for (std::size_t row = 0; row < chosen.size(); ++row)
      chosen[row] = static_cast<double>(random()) < subsample_ * 4294967296.0;
    const auto next = best_stump(features, gradient, chosen);
    for (Eigen::Index row = 0; row < features.rows(); ++row)
      scores(row) += features(row, next.feature) <= next.threshold ? next.below : next.above;
    stumps_.push_back(next);
  }
}

boosted_stumps::stump boosted_stumps::best_stump(const Eigen::MatrixXd& features, const Eigen::VectorXd& gradient,
                                                 const std::vector<bool>& chosen) const {
  stump best;
  double best_gain = -1;
  const auto counts = static_cast<double>(std::count(chosen.begin(), chosen.end(), true));
  double total = 0;
  for (Eigen::Index row = 0; row < gradient.size(); ++row)
    total += chosen[static_cast<std::size_t>(row)] ? gradient(row) : 0;
  for (Eigen::Index f = 0; f < features.cols(); ++f) {
    const auto& order = order_[static_cast<std::size_t>(f)];
    double below = 0, n = 0;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
      if (chosen[static_cast<std::size_t>(order[i])])
        below += gradient(order[i]), ++n;
      const double here = features(order[i], f), next = features(order[i + 1], f);
      if (n == 0 || n == counts || here == next)
        continue;
      const double gain = below * below / n + (total - below) * (total - below) / (counts - n);
      if (gain > best_gain) {
        best_gain = gain;
        best = {f, (here + next) / 2, 4 * shrinkage_ * below / n, 4 * shrinkage_ * (total - below) / (counts - n)};
      }
    }
  }
  return best;
}

Eigen::VectorXd boosted_stumps::probabilities(const Eigen::MatrixXd& features) const {
  Eigen::ArrayXd scores = Eigen::ArrayXd::Zero(features.rows());
  for (const auto& each : stumps_)
    for (Eigen::Index row = 0; row < features.rows(); ++row)
      scores(row) += features(row, each.feature) <= each.threshold ? each.below : each.above;
  return 1.0 / (1.0 + (-scores).exp());
}
