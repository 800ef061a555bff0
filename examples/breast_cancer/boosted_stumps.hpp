#pragma once

#include <vector>

#include <Eigen/Core>

/// Gradient boosting (Friedman 2001) of decision stumps for two classes: each stump splits one feature where that
/// lowers the squared error of the logistic loss's gradient most.
class boosted_stumps {
public:
  boosted_stumps(int rounds, double shrinkage, double subsample)
    : rounds_(rounds), shrinkage_(shrinkage), subsample_(subsample) {}

  void train(const Eigen::MatrixXd& features, const Eigen::VectorXd& labels);
  Eigen::VectorXd probabilities(const Eigen::MatrixXd& features) const; ///< Of label 1.

private:
  struct stump {
    Eigen::Index feature = 0;
    double threshold = 0;
    double below = 0; ///< What it adds to the score there.
    double above = 0;
  };
  stump best_stump(const Eigen::MatrixXd& features, const Eigen::VectorXd& gradient,
                   const std::vector<bool>& chosen) const;

  int rounds_;
  double shrinkage_, subsample_;
  std::vector<std::vector<Eigen::Index>> order_; ///< Of the rows, by each feature.
  std::vector<stump> stumps_;
};
