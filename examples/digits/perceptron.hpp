#pragma once

#include "digits.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <Eigen/Core>

/// How a perceptron is built and trained.
struct perceptron_settings {
  int layers = 1; ///< Hidden ones.
  int width = 64; ///< Of each.
  std::string activation = "relu"; ///< "relu" or "tanh".
  std::string optimizer = "sgd";   ///< "sgd" or "adam".
  double lr = 0.1;
  double momentum = 0; ///< Of sgd.
  double weight_decay = 0;
  int batch_size = 32;
};

/// A multilayer perceptron for handwritten digits: softmax over the ten of them, cross entropy, mini-batches in another
/// order in each epoch. Four fifths of the images are for training, every fifth one is for validation. The same
/// settings give the same network everywhere, also when it goes on from what write() wrote.
class perceptron {
public:
  perceptron(const perceptron_settings& how, const digits& data);

  struct result {
    double loss;     ///< Mean cross entropy, of validation.
    double accuracy; ///< Share of the validation images that it names rightly.
  };
  result train_one_epoch();

  void write(const std::string& file) const; ///< Throws std::runtime_error where that cannot be done.
  void read(const std::string& file);

private:
  struct layer {
    Eigen::MatrixXf weights; ///< A row for each input, the last for the bias.
    Eigen::MatrixXf first;   ///< What the optimizer remembers of the gradient.
    Eigen::MatrixXf second;  ///< And of its square.
  };

  Eigen::MatrixXf forward(const Eigen::MatrixXf& inputs, std::vector<Eigen::MatrixXf>* activations) const;
  void train_batch(const Eigen::MatrixXf& inputs, const std::vector<int>& labels);
  void update(layer& of, const Eigen::MatrixXf& gradient);
  result validate() const;

  perceptron_settings how_;
  std::vector<layer> layers_;
  std::int64_t epoch_ = 0;
  std::int64_t updates_ = 0;
  Eigen::MatrixXf training_, validation_; ///< An image a row.
  std::vector<int> training_labels_, validation_labels_;
};
