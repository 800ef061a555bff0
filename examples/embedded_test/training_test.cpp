// A user's own test: three machines in this process's computer, one of which dies while a trial trains on it.
#include <doctest/doctest.h>
#include <fstream>
#include <runtime/test_cluster.hpp>
#include <tune/tune.hpp>

namespace {

/// Counts its steps: what it has counted is in its checkpoint.
class counting : public tune::trial_actor {
public:
  void set_up(const tune::config&) override {}
  tune::metrics step() override { return {{"count", ++count_}}; }
  void save(const tune::path& directory) override { std::ofstream(directory / "count") << count_; }
  void load(const tune::path& directory) override { std::ifstream(directory / "count") >> count_; }

private:
  int count_ = 0;
};
const auto counting_trainable = tune::trainable::of<counting>("counting");

} // namespace

TEST_CASE("training goes on when its machine dies") {
  runtime::test_cluster cluster(/*nodes=*/3, runtime::cpus(2));
  tune::session session(cluster);

  tune::experiment experiment("counting", counting_trainable);
  experiment.space = {{"seed", 1}};
  experiment.metric = tune::maximize("count");
  experiment.stop = {{"training_iteration", tune::at_least(2000)}};
  experiment.checkpoints.every = 10;

  auto running = session.start(experiment);
  const auto trial = running.wait_for_checkpoint(/*iteration=*/10);
  cluster.kill_node(trial.node());

  const auto results = running.wait();
  CHECK(results.best().iterations() == 2000);
  CHECK(results.best().metrics().get<int>("count") == 2000);
  CHECK(results.lost_results() == 0);
}
