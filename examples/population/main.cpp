// Population based training: eight networks for handwritten digits are trained side by side. After every three epochs
// those that have fallen behind take over the weights of one that leads, and train on with settings near to that one's.
// So the learning rate becomes a schedule, found in a single training.
#include "perceptron.hpp"

#include <iostream>
#include <optional>
#include <tune/tune.hpp>

class population_trial : public tune::trial_actor {
public:
  void set_up(const tune::config& values) override { // What changes must not change the shape of the network.
    perceptron_settings how;
    how.lr = values.get<double>("lr");
    how.momentum = values.get<double>("momentum");
    how.weight_decay = values.get<double>("weight_decay");
    how.batch_size = values.get<int>("batch_size");
    net_.emplace(how, load_digits());
  }
  tune::metrics step() override {
    const auto validation = net_->train_one_epoch();
    return {{"accuracy", validation.accuracy}, {"loss", validation.loss}};
  }
  void save(const tune::path& directory) override { net_->write(directory / "weights.bin"); }
  void load(const tune::path& directory) override { net_->read(directory / "weights.bin"); } // Perhaps another's.

private:
  std::optional<perceptron> net_;
};
const auto population_trainable = tune::trainable::of<population_trial>("population");

int main(int argc, char** argv) {
  tune::session session(argc, argv);

  tune::experiment experiment("population", population_trainable);
  experiment.space = {
    {"lr", tune::log_uniform(1e-3, 1)},
    {"momentum", tune::uniform(0, 0.99)},
    {"weight_decay", tune::log_uniform(1e-6, 1e-1)},
    {"batch_size", tune::ordinal({16, 32, 64, 128})},
  };
  experiment.metric = tune::minimize("loss");
  experiment.samples = 8; // The population.
  experiment.searcher = tune::random_search();
  tune::pbt_options population;
  population.perturbation_interval = 3;
  experiment.scheduler = tune::pbt(population);
  experiment.stop = {{"training_iteration", tune::at_least(30)}};

  const auto results = session.run(experiment);
  const auto best = results.best();
  std::cout << results.table(8) << "\nbest: " << best.metrics()
            << "\nhow it came about: " << (best.path() / "pbt_policy.json").string() << '\n';
}
