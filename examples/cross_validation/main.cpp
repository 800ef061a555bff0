// 10-fold cross-validation of a small classifier of handwritten digits, over several settings: each fold of each
// setting is a task on the cluster. The data travels with the tasks, so the nodes need neither it nor this program.
#include "softmax_regression.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
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

constexpr const char* own_flags = "Its own:\n"
                                  "  --epochs N      of each training, 1 to 10000 (default: 100)\n"
                                  "  --settings N    only the first N of the 9 (default: 9)\n";

/// What the command line asks for.
struct request {
  int epochs = 100;
  int settings = 9;
};

[[noreturn]] void end_with_usage(const std::string& mistake) {
  std::fprintf(stderr, "cross_validation: %s; run cross_validation --help for what there is\n", mistake.c_str());
  std::exit(2);
}

request read_request(const std::vector<std::string>& arguments) {
  request wanted;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto& flag = arguments[i];
    if (flag != "--epochs" && flag != "--settings")
      end_with_usage("\"" + flag + "\": nothing is expected here");
    const int most = flag == "--epochs" ? 10'000 : 9;
    char* end = nullptr;
    const long value = i + 1 < arguments.size() ? std::strtol(arguments[i + 1].c_str(), &end, 10) : 0;
    if (value < 1 || value > most || *end != '\0')
      end_with_usage(flag + ": it needs a number from 1 to " + std::to_string(most));
    (flag == "--epochs" ? wanted.epochs : wanted.settings) = static_cast<int>(value);
  }
  return wanted;
}

std::vector<settings> chosen_settings(const request& wanted) {
  std::vector<settings> all;
  for (const double learning_rate : {0.05, 0.2, 0.8})
    for (const double weight_decay : {0.0, 0.001, 0.01})
      all.push_back({learning_rate, weight_decay, wanted.epochs});
  all.resize(static_cast<std::size_t>(wanted.settings));
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
  runtime::session session(argc, argv, runtime::unknown_flags::keep, own_flags);
  const auto all_settings = chosen_settings(read_request(session.arguments()));
  auto& cluster = session.cluster();

  const auto data = load_digits();
  std::vector<fold> tasks;
  for (const auto& how : all_settings)
    for (int number = 0; number < folds; ++number)
      tasks.push_back({data, how, number});

  const auto accuracies = cluster.map(evaluate_fold, tasks, runtime::task_options().cpus(1).retries(3));

  std::printf("learning rate  weight decay  accuracy  deviation   (%zu images, %d folds)\n", data.size(), folds);
  for (std::size_t i = 0; i < all_settings.size(); ++i)
    print_row(all_settings[i], &accuracies[i * folds]);
}
