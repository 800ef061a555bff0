#include "perceptron.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <stdexcept>

namespace {

constexpr std::uint32_t seed = 20260101;

/// Draws of our own: the standard's distributions differ between libraries.
float unit(std::mt19937& random) {
  return static_cast<float>(random() >> 8) * (1.0f / 16777216.0f);
}

Eigen::MatrixXf with_bias(const Eigen::MatrixXf& x) {
  Eigen::MatrixXf all(x.rows(), x.cols() + 1);
  all << x, Eigen::VectorXf::Ones(x.rows());
  return all;
}

/// In place: scores become probabilities, row by row.
void softmax(Eigen::MatrixXf& scores) {
  scores.colwise() -= scores.rowwise().maxCoeff().eval(); // exp() of a large score would overflow.
  scores = scores.array().exp();
  scores.array().colwise() /= scores.rowwise().sum().array().eval();
}

Eigen::MatrixXf image_rows(const digits& data, const std::vector<std::size_t>& rows, std::vector<int>& labels) {
  Eigen::MatrixXf all(static_cast<Eigen::Index>(rows.size()), digits::pixels);
  labels.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (int p = 0; p < digits::pixels; ++p)
      all(static_cast<Eigen::Index>(i), p) =
        static_cast<float>(data.images[rows[i] * digits::pixels + static_cast<std::size_t>(p)]) / 16.0f;
    labels.push_back(data.labels[rows[i]]);
  }
  return all;
}

void write_matrix(std::ostream& to, const Eigen::MatrixXf& m) {
  to.write(reinterpret_cast<const char*>(m.data()), static_cast<std::streamsize>(m.size() * sizeof(float)));
}

void read_matrix(std::istream& from, Eigen::MatrixXf& m) {
  from.read(reinterpret_cast<char*>(m.data()), static_cast<std::streamsize>(m.size() * sizeof(float)));
}

} // namespace

perceptron::perceptron(const perceptron_settings& how, const digits& data) : how_(how) {
  std::vector<std::size_t> training, validation;
  for (std::size_t row = 0; row < data.size(); ++row)
    (row % 5 == 4 ? validation : training).push_back(row);
  training_ = image_rows(data, training, training_labels_);
  validation_ = image_rows(data, validation, validation_labels_);

  std::mt19937 random(seed);
  int inputs = digits::pixels;
  for (int i = 0; i <= how_.layers; ++i) {
    const int outputs = i == how_.layers ? digits::classes : how_.width;
    const float reach = std::sqrt(6.0f / static_cast<float>(inputs + outputs)); // Glorot and Bengio 2010.
    layer next;
    next.weights = Eigen::MatrixXf::Zero(inputs + 1, outputs);
    for (Eigen::Index c = 0; c < outputs; ++c)
      for (Eigen::Index r = 0; r < inputs; ++r)
        next.weights(r, c) = (2 * unit(random) - 1) * reach;
    next.first = next.second = Eigen::MatrixXf::Zero(inputs + 1, outputs);
    layers_.push_back(std::move(next));
    inputs = outputs;
  }
}

Eigen::MatrixXf perceptron::forward(const Eigen::MatrixXf& inputs, std::vector<Eigen::MatrixXf>* activations) const {
  Eigen::MatrixXf x = inputs;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    Eigen::MatrixXf with = with_bias(x);
    x = with * layers_[i].weights;
    if (activations != nullptr)
      activations->push_back(std::move(with));
    if (i + 1 == layers_.size())
      break;
    if (how_.activation == "tanh")
      x = x.array().tanh();
    else
      x = x.cwiseMax(0.0f);
  }
  softmax(x);
  return x;
}

perceptron::result perceptron::train_one_epoch() {
  std::mt19937 random(seed + static_cast<std::uint32_t>(++epoch_)); // Of its own, so that a restart changes nothing.
  std::vector<int> order(training_labels_.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[static_cast<std::size_t>(unit(random) * static_cast<float>(i))]);
  const auto batch = static_cast<std::size_t>(std::max(how_.batch_size, 1));
  for (std::size_t begin = 0; begin < order.size(); begin += batch) {
    const auto n = std::min(batch, order.size() - begin);
    Eigen::MatrixXf inputs(static_cast<Eigen::Index>(n), digits::pixels);
    std::vector<int> labels;
    for (std::size_t i = 0; i < n; ++i) {
      inputs.row(static_cast<Eigen::Index>(i)) = training_.row(order[begin + i]);
      labels.push_back(training_labels_[static_cast<std::size_t>(order[begin + i])]);
    }
    train_batch(inputs, labels);
  }
  return validate();
}

void perceptron::train_batch(const Eigen::MatrixXf& inputs, const std::vector<int>& labels) {
  std::vector<Eigen::MatrixXf> activations;
  Eigen::MatrixXf error = forward(inputs, &activations);
  for (std::size_t i = 0; i < labels.size(); ++i)
    error(static_cast<Eigen::Index>(i), labels[i]) -= 1;
  error /= static_cast<float>(labels.size());
  ++updates_;
  for (std::size_t i = layers_.size(); i-- > 0;) {
    const Eigen::MatrixXf gradient = activations[i].transpose() * error;
    if (i > 0) {
      const auto& weights = layers_[i].weights;
      const auto x = activations[i].leftCols(activations[i].cols() - 1).array();
      const Eigen::MatrixXf back = error * weights.topRows(weights.rows() - 1).transpose();
      if (how_.activation == "tanh")
        error = back.array() * (1.0f - x.square());
      else
        error = back.array() * (x > 0.0f).cast<float>();
    }
    update(layers_[i], gradient);
  }
}

void perceptron::update(layer& of, const Eigen::MatrixXf& gradient) {
  const auto lr = static_cast<float>(how_.lr);
  of.weights *= 1.0f - lr * static_cast<float>(how_.weight_decay); // Decoupled: Loshchilov and Hutter 2019.
  if (how_.optimizer == "sgd") {
    of.first = static_cast<float>(how_.momentum) * of.first - lr * gradient;
    of.weights += of.first;
    return;
  }
  constexpr float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f; // Kingma and Ba 2015.
  of.first = beta1 * of.first + (1 - beta1) * gradient;
  of.second = beta2 * of.second.array() + (1 - beta2) * gradient.array().square();
  const auto n = static_cast<float>(updates_);
  const float scale = lr * std::sqrt(1 - std::pow(beta2, n)) / (1 - std::pow(beta1, n));
  of.weights.array() -= scale * of.first.array() / (of.second.array().sqrt() + epsilon);
}

perceptron::result perceptron::validate() const {
  const auto probabilities = forward(validation_, nullptr);
  result all{0, 0};
  for (Eigen::Index i = 0; i < probabilities.rows(); ++i) {
    const int label = validation_labels_[static_cast<std::size_t>(i)];
    Eigen::Index best = 0;
    probabilities.row(i).maxCoeff(&best);
    all.accuracy += best == label ? 1 : 0;
    all.loss -= std::log(std::max(static_cast<double>(probabilities(i, label)), 1e-12));
  }
  all.loss /= static_cast<double>(probabilities.rows());
  all.accuracy /= static_cast<double>(probabilities.rows());
  return all;
}

void perceptron::write(const std::string& file) const {
  std::ofstream to(file, std::ios::binary);
  to.write(reinterpret_cast<const char*>(&epoch_), sizeof epoch_);
  to.write(reinterpret_cast<const char*>(&updates_), sizeof updates_);
  for (const auto& each : layers_) {
    write_matrix(to, each.weights);
    write_matrix(to, each.first);
    write_matrix(to, each.second);
  }
  if (!to.flush())
    throw std::runtime_error(file + " cannot be written");
}

void perceptron::read(const std::string& file) {
  std::ifstream from(file, std::ios::binary);
  from.read(reinterpret_cast<char*>(&epoch_), sizeof epoch_);
  from.read(reinterpret_cast<char*>(&updates_), sizeof updates_);
  for (auto& each : layers_) {
    read_matrix(from, each.weights);
    read_matrix(from, each.first);
    read_matrix(from, each.second);
  }
  if (!from)
    throw std::runtime_error(file + " holds less than a network of this shape");
}
