// The smallest search: four samples of each point of a grid, and the best of them.
#include <iostream>
#include <tune/tune.hpp>

const tune::trainable objective("objective", [](tune::trial& trial) {
  trial.report({{"accuracy", trial.get<double>("a") + trial.get<double>("b")}});
});

int main(int argc, char** argv) {
  tune::session session(argc, argv);

  tune::experiment experiment("grid", objective);
  experiment.space = {{"a", tune::grid({0.1, 0.2})}, {"b", tune::grid({1, 2})}};
  experiment.metric = tune::maximize("accuracy");
  experiment.samples = 4;

  std::cout << session.run(experiment).best().config() << '\n';
}
