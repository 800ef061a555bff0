#include "logistic_regression.hpp"

void logistic_regression::train(const Eigen::MatrixXd& features, const Eigen::VectorXd& labels) {
  constexpr double momentum = 0.9;
  weights_ = Eigen::VectorXd::Zero(features.cols());
  bias_ = 0;
  Eigen::VectorXd velocity = weights_;
  double bias_velocity = 0;
  for (int epoch = 0; epoch < epochs_; ++epoch) {
    const Eigen::VectorXd error = probabilities(features) - labels;
    const Eigen::VectorXd gradient =
      features.transpose() * error / static_cast<double>(features.rows()) + penalty_ * weights_;
    velocity = momentum * velocity - learning_rate_ * gradient;
    bias_velocity = momentum * bias_velocity - learning_rate_ * error.mean();
    weights_ += velocity;
    bias_ += bias_velocity;
  }
}

Eigen::VectorXd logistic_regression::probabilities(const Eigen::MatrixXd& features) const {
  const Eigen::ArrayXd scores = (features * weights_).array() + bias_;
  return 1.0 / (1.0 + (-scores).exp());
}
