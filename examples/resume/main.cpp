// A search that may be killed at any time, and goes on where it was when it is started again: kill it with Ctrl-C or
// with kill -9, run it again, and no result is missing and none is there twice. The trial walks towards the lowest
// point of a function of two numbers, and saves where it stands.
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <thread>
#include <tune/tune.hpp>

const tune::trainable descend("descend", [](tune::trial& trial) {
  double x = -1.2, y = 1; // Rosenbrock's valley, from where he began.
  if (const auto checkpoint = trial.checkpoint()) {
    std::ifstream from(*checkpoint / "place.txt");
    from >> x >> y;
  }
  const double rate = trial.get<double>("rate"), inertia = trial.get<double>("inertia");
  double dx = 0, dy = 0;
  for (auto step = trial.iteration() + 1; step <= 50; ++step) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20)); // What takes its time in a real one.
    for (int i = 0; i < 20; ++i) {
      dx = inertia * dx - rate * (-400 * x * (y - x * x) - 2 * (1 - x));
      dy = inertia * dy - rate * (200 * (y - x * x));
      x += dx;
      y += dy;
    }
    const double height = 100 * std::pow(y - x * x, 2) + std::pow(1 - x, 2);
    const auto next = trial.report({{"height", height}}, [&](const tune::path& directory) {
      std::ofstream to(directory / "place.txt");
      to.precision(17);
      to << x << ' ' << y << '\n';
    });
    if (next == tune::stop)
      return;
  }
});

int main(int argc, char** argv) {
  tune::session session(argc, argv);

  tune::experiment experiment("resume", descend);
  experiment.space = {{"rate", tune::log_uniform(1e-5, 1e-2)}, {"inertia", tune::uniform(0, 0.99)}};
  experiment.metric = tune::minimize("height");
  experiment.samples = 20;
  experiment.checkpoints.every = 1;

  const auto results = session.run(experiment);
  std::cout << results.table(5) << "lost results: " << results.lost_results() << '\n';
}
