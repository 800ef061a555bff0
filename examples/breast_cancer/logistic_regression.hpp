#pragma once

#include <Eigen/Core>

/// Logistic regression with an L2 penalty, trained by gradient descent with momentum from zero.
class logistic_regression {
public:
  logistic_regression(double learning_rate, double penalty, int epochs)
    : learning_rate_(learning_rate), penalty_(penalty), epochs_(epochs) {}

  void train(const Eigen::MatrixXd& features, const Eigen::VectorXd& labels);
  Eigen::VectorXd probabilities(const Eigen::MatrixXd& features) const; ///< Of label 1.

private:
  double learning_rate_, penalty_;
  int epochs_;
  Eigen::VectorXd weights_;
  double bias_ = 0;
};
