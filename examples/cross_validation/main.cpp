// 10-fold cross-validation of a small classifier of handwritten digits, over several settings: each fold of each
// setting is a task on the cluster. The data travels with the tasks, so the nodes need neither it nor this program.
#include "softmax_regression.hpp"

#include <cmath>
#include <cstdio>
#include <numeric>
#include <runtime/cluster.hpp>

namespace {

constexpr int folds = 10;

/// One task: train on nine tenths of the data, measure on the tenth.
struct fold {
  digits data;
  settings how;
  std::int32_t number = 0;
};
template <class Inspector>
auto inspect(Inspector& f, fold& x) {
  return f(x.data, x.how, x.number);
}

const runtime::task_type evaluate_fold("evaluate_fold", [](const fold& task) {
  std::vector<std::size_t> training, held_out;
  for (std::size_t row = 0; row < task.data.size(); ++row)
    (static_cast<int>(row % folds) == task.number ? held_out : training).push_back(row);
  softmax_regression model;
  model.train(task.data, training, task.how);
  return model.accuracy(task.data, held_out);
});

std::vector<settings> all_settings() {
  std::vector<settings> all;
  for (const double learning_rate : {0.05, 0.2, 0.8})
    for (const double weight_decay : {0.0, 0.001, 0.01})
      all.push_back({learning_rate, weight_decay, /*epochs=*/100});
  return all;
}

void print_row(const settings& how, const double* accuracies) {
  const double mean = std::accumulate(accuracies, accuracies + folds, 0.0) / folds;
  double squares = 0;
  for (int i = 0; i < folds; ++i)
    squares += (accuracies[i] - mean) * (accuracies[i] - mean);
  std::printf("%13g  %12g  %8.4f  %9.4f\n", how.learning_rate, how.weight_decay, mean,
              std::sqrt(squares / (folds - 1)));
}

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  auto& cluster = session.cluster();

  const auto data = load_digits(CAF_TUNE_EXAMPLE_DATA "/digits.csv.gz");
  std::vector<fold> tasks;
  for (const auto& how : all_settings())
    for (int number = 0; number < folds; ++number)
      tasks.push_back({data, how, number});

  const auto accuracies = cluster.map(evaluate_fold, tasks, runtime::task_options().cpus(1).retries(3));

  std::printf("learning rate  weight decay  accuracy  deviation   (%zu images, %d folds)\n", data.size(), folds);
  for (std::size_t i = 0; i < all_settings().size(); ++i)
    print_row(all_settings()[i], &accuracies[i * folds]);
}
