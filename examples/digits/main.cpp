// A neural network that names handwritten digits: which one, and how it is best trained. Each trial trains a multilayer
// perceptron epoch by epoch; ASHA stops those that fall behind.
#include "perceptron.hpp"

#include <iostream>
#include <optional>
#include <tune/tune.hpp>

class digits_trial : public tune::trial_actor {
public:
  void set_up(const tune::config& values) override {
    perceptron_settings how;
    how.layers = values.get<int>("layers");
    how.width = values.get<int>("width");
    how.activation = values.get<std::string>("activation");
    how.optimizer = values.get<std::string>("optimizer");
    how.lr = values.get<double>("lr");
    how.momentum = values.get("momentum", 0.0);
    how.weight_decay = values.get<double>("weight_decay");
    how.batch_size = values.get<int>("batch_size");
    net_.emplace(how, load_digits());
  }
  tune::metrics step() override {
    const auto validation = net_->train_one_epoch();
    return {{"accuracy", validation.accuracy}, {"loss", validation.loss}};
  }
  void save(const tune::path& directory) override { net_->write(directory / "weights.bin"); }
  void load(const tune::path& directory) override { net_->read(directory / "weights.bin"); }

private:
  std::optional<perceptron> net_;
};
const auto digits_trainable = tune::trainable::of<digits_trial>("digits");

int main(int argc, char** argv) {
  tune::session session(argc, argv);

  tune::experiment experiment("digits", digits_trainable);
  experiment.space = {
    {"lr", tune::log_uniform(1e-4, 1)},
    {"layers", tune::integer(1, 3)},
    {"width", tune::log_integer(16, 256)},
    {"activation", tune::choice({"relu", "tanh"})},
    {"optimizer", tune::choice({"sgd", "adam"})},
    {"momentum", tune::uniform(0, 0.99).when("optimizer", "sgd")},
    {"weight_decay", tune::log_uniform(1e-6, 1e-1)},
    {"batch_size", tune::ordinal({16, 32, 64, 128})},
  };
  experiment.metric = tune::maximize("accuracy");
  experiment.samples = 40;
  experiment.resources = {{"cpu", 1}};
  experiment.scheduler = tune::asha({/*max_t=*/27, /*grace_period=*/1, /*reduction_factor=*/3});
  experiment.max_failures = 2;

  auto results = session.run(experiment);
  const auto best = results.best();
  std::cout << results.table(10) << "\nbest: " << best.config() << "\nits files: " << best.path().string() << '\n';
}
