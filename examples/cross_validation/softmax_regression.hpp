#pragma once

#include "digits.hpp"

#include <cstdint>
#include <vector>

#include <Eigen/Core>

/// How a softmax regression is trained.
struct settings {
  double learning_rate = 0.5;
  double weight_decay = 0;
  std::int32_t epochs = 100;
};

template <class Inspector>
auto inspect(Inspector& f, settings& x) {
  return f(x.learning_rate, x.weight_decay, x.epochs);
}

/// Multinomial logistic regression, trained by gradient descent with momentum on the whole training set. It starts from
/// zero, so the same data and settings give the same weights everywhere.
class softmax_regression {
public:
  void train(const digits& data, const std::vector<std::size_t>& rows, const settings& how);

  /// The share of these rows that it names rightly.
  double accuracy(const digits& data, const std::vector<std::size_t>& rows) const;

private:
  Eigen::MatrixXd weights_; // One column for each digit; the last row is the bias.
};
