// Which of two kinds of model tells malignant from benign tumours, and with which settings: each kind has parameters of
// its own. A trial is a 5-fold cross-validation, which reports after each fold.
#include "boosted_stumps.hpp"
#include "logistic_regression.hpp"
#include "tumours.hpp"

#include <iostream>
#include <tune/tune.hpp>

namespace {

constexpr int folds = 5;

/// The share of the rows of one fold that a model names rightly, after it was trained on the others.
template <class Model>
double accuracy_of_fold(Model model, const tumours& data, int fold) {
  std::vector<Eigen::Index> training, held_out;
  for (Eigen::Index row = 0; row < data.features.rows(); ++row)
    (row % folds == fold ? held_out : training).push_back(row);
  const auto rows_of = [](const auto& from, const std::vector<Eigen::Index>& rows) {
    typename std::decay_t<decltype(from)>::PlainObject to(static_cast<Eigen::Index>(rows.size()), from.cols());
    for (std::size_t i = 0; i < rows.size(); ++i)
      to.row(static_cast<Eigen::Index>(i)) = from.row(rows[i]);
    return to;
  };
  model.train(rows_of(data.features, training), rows_of(data.benign, training));
  // Not auto: that would be an expression of what is gone at the line's end.
  const Eigen::Array<bool, Eigen::Dynamic, 1> guess =
    model.probabilities(rows_of(data.features, held_out)).array() > 0.5;
  const Eigen::Array<bool, Eigen::Dynamic, 1> truth = rows_of(data.benign, held_out).array() > 0.5;
  return (guess == truth).template cast<double>().mean();
}

} // namespace

const tune::trainable classify("classify", [](tune::trial& trial) {
  const auto data = load_tumours();
  double sum = 0;
  for (int fold = 0; fold < folds; ++fold) {
    if (trial.get<std::string>("model") == "logistic")
      sum += accuracy_of_fold(logistic_regression(trial.get<double>("logistic/learning_rate"),
                                                  trial.get<double>("logistic/penalty"),
                                                  trial.get<int>("logistic/epochs")),
                              data, fold);
    else
      sum += accuracy_of_fold(boosted_stumps(trial.get<int>("boosting/rounds"),
                                             trial.get<double>("boosting/shrinkage"),
                                             trial.get<double>("boosting/subsample")),
                              data, fold);
    if (trial.report({{"accuracy", sum / (fold + 1)}}) == tune::stop)
      return;
  }
});

int main(int argc, char** argv) {
  tune::session session(argc, argv);

  tune::experiment experiment("breast_cancer", classify);
  experiment.space = {
    {"model", tune::choice({"logistic", "boosting"})},
    {"logistic", tune::domain(tune::search_space{
                                {"learning_rate", tune::log_uniform(1e-3, 1)},
                                {"penalty", tune::log_uniform(1e-5, 1)},
                                {"epochs", tune::log_integer(10, 300)},
                              })
                   .when("model", "logistic")},
    {"boosting", tune::domain(tune::search_space{
                                {"rounds", tune::log_integer(10, 300)},
                                {"shrinkage", tune::log_uniform(1e-2, 1)},
                                {"subsample", tune::uniform(0.3, 1)},
                              })
                   .when("model", "boosting")},
  };
  experiment.metric = tune::maximize("accuracy");
  experiment.samples = 30;
  experiment.searcher = tune::sobol_search();

  auto results = session.run(experiment);
  std::cout << results.table(10) << "best: " << results.best().config() << '\n';
}
