// A population of $TRIALS trials, each of 24 iterations, judged after every 4. A trial's state is its trace: the rates
// that it was trained with, one for each iteration; the higher they are, the better its score. Each result has its
// trace. With $LOCAL_FIRST checkpoints are written to the node's own disk. With $POLICY, a file, one trial goes through
// that policy, for $ITERATIONS iterations.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tune/tune.hpp"

namespace {

class traced : public tune::trial_actor {
public:
  void set_up(const tune::config& values) override { rate_ = values.get<double>("rate"); }
  tune::metrics step() override {
    for (volatile int work = 0; work < 1'000'000; work = work + 1) {} // Some milliseconds, as a real one needs.
    score_ += rate_;
    trace_ += tune::to_json(tune::value(rate_)) + ' ';
    return {{"score", score_}, {"trace", trace_}};
  }
  void save(const tune::path& directory) override {
    std::ofstream to(directory / "state");
    to.precision(17);
    to << score_ << '\n' << trace_;
  }
  void load(const tune::path& directory) override {
    std::ifstream from(directory / "state");
    from >> score_;
    from.get();
    trace_.assign(std::istreambuf_iterator<char>(from), {});
  }

private:
  double rate_ = 0;
  double score_ = 0;
  std::string trace_;
};

const auto trainable = tune::trainable::of<traced>("traced");

} // namespace

int main(int argc, char** argv) {
  tune::session session(argc, argv);
  tune::experiment experiment("population", trainable);
  experiment.space = {{"rate", tune::uniform(0.01, 1)}};
  experiment.metric = tune::maximize("score");
  experiment.samples = 6;
  experiment.seed = 3;
  experiment.searcher = tune::random_search();
  tune::pbt_options population;
  population.perturbation_interval = 4;
  if (const char* type = std::getenv("TYPE"); type != nullptr && type == std::string("synchronous"))
    population.type = tune::pbt_options::variant::synchronous;
  experiment.scheduler = tune::pbt(population);
  experiment.stop = {{"training_iteration", tune::at_least(24)}};
  experiment.checkpoints.local_first = std::getenv("LOCAL_FIRST") != nullptr;
  experiment.checkpoints.keep = 1;
  if (const char* file = std::getenv("POLICY")) {
    std::ifstream from(file);
    const std::string text(std::istreambuf_iterator<char>(from), {});
    const auto policy = tune::or_throw(tune::pbt_policy_from(text));
    experiment.samples = 1;
    experiment.points_to_evaluate = {{policy.first}};
    experiment.scheduler = tune::pbt_replay(policy);
    experiment.stop = {{"training_iteration", tune::at_least(std::atof(std::getenv("ITERATIONS")))}};
  }
  session.run(experiment);
}
