#include "softmax_regression.hpp"

namespace {

/// One row for each image, scaled to 0..1, with a 1 for the bias.
Eigen::MatrixXd inputs(const digits& data, const std::vector<std::size_t>& rows) {
  Eigen::MatrixXd all(static_cast<Eigen::Index>(rows.size()), digits::pixels + 1);
  for (Eigen::Index i = 0; i < all.rows(); ++i) {
    const auto first = rows[static_cast<std::size_t>(i)] * digits::pixels;
    for (Eigen::Index p = 0; p < digits::pixels; ++p)
      all(i, p) = data.images[first + static_cast<std::size_t>(p)] / 16.0;
    all(i, digits::pixels) = 1;
  }
  return all;
}

/// In place: scores become probabilities, row by row.
void softmax(Eigen::MatrixXd& scores) {
  scores.colwise() -= scores.rowwise().maxCoeff().eval(); // exp() of a large score would overflow.
  scores = scores.array().exp();
  scores.array().colwise() /= scores.rowwise().sum().array().eval();
}

} // namespace

void softmax_regression::train(const digits& data, const std::vector<std::size_t>& rows, const settings& how) {
  constexpr double momentum = 0.9;
  const auto x = inputs(data, rows);
  weights_ = Eigen::MatrixXd::Zero(x.cols(), digits::classes);
  Eigen::MatrixXd velocity = weights_;
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    Eigen::MatrixXd residual = x * weights_;
    softmax(residual);
    for (Eigen::Index i = 0; i < residual.rows(); ++i)
      residual(i, data.labels[rows[static_cast<std::size_t>(i)]]) -= 1;
    const Eigen::MatrixXd gradient =
      x.transpose() * residual / static_cast<double>(rows.size()) + how.weight_decay * weights_;
    velocity = momentum * velocity - how.learning_rate * gradient;
    weights_ += velocity;
  }
}

double softmax_regression::accuracy(const digits& data, const std::vector<std::size_t>& rows) const {
  const Eigen::MatrixXd scores = inputs(data, rows) * weights_;
  std::size_t right = 0;
  for (Eigen::Index i = 0; i < scores.rows(); ++i) {
    Eigen::Index best = 0;
    scores.row(i).maxCoeff(&best);
    right += static_cast<std::size_t>(best) == data.labels[rows[static_cast<std::size_t>(i)]];
  }
  return static_cast<double>(right) / static_cast<double>(rows.size());
}
