#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/test_cluster.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tune/driver/experiment_run.hpp"
#include "tune/tune.hpp"

// How experiments end and are gone on with in one process, and what people are told of it.

namespace {

const tune::trainable walk("walk", [](tune::trial& trial) {
  int steps = 0;
  if (const auto checkpoint = trial.checkpoint())
    std::ifstream(*checkpoint / "steps") >> steps;
  while (steps < trial.get<int>("last")) {
    std::this_thread::yield();
    const auto next = trial.report({{"steps", ++steps}},
                                   [&](const tune::path& directory) { std::ofstream(directory / "steps") << steps; });
    if (next == tune::stop)
      return;
  }
});

/// As `walk`, but it ends only where it has been told to end once before: whoever stops it comes in time, however fast
/// it is.
const tune::trainable walk_until_stopped_once("walk-until-stopped-once", [](tune::trial& trial) {
  int steps = 0;
  const auto checkpoint = trial.checkpoint();
  if (checkpoint)
    std::ifstream(*checkpoint / "steps") >> steps;
  const int last = steps + trial.get<int>("last");
  while (!checkpoint || steps < last) {
    std::this_thread::yield();
    const auto next = trial.report({{"steps", ++steps}},
                                   [&](const tune::path& directory) { std::ofstream(directory / "steps") << steps; });
    if (next == tune::stop)
      return;
  }
});

tune::experiment walking(int last, const temporary_directory& folder, const tune::trainable& how = walk) {
  tune::experiment experiment("walking", how);
  experiment.space = {{"last", last}};
  experiment.metric = tune::maximize("steps");
  experiment.checkpoints.every = 1'000'000; // None but that of an end in good order.
  experiment.storage = folder / "storage";
  return experiment;
}

/// What was told beside the results.
class told_trouble {
public:
  void add(const std::string& line) {
    std::lock_guard guard(mutex_);
    lines_.push_back(line);
  }
  std::vector<std::string> lines() {
    std::lock_guard guard(mutex_);
    return lines_;
  }

private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// From its beginning to its end.
std::vector<std::string> trouble_of(runtime::test_cluster& cluster, const tune::experiment& experiment) {
  told_trouble told;
  tune::run_options options;
  options.storage = experiment.storage;
  options.on_trouble = [&told](const std::string& line) { told.add(line); };
  const auto run = tune::or_throw(tune::experiment_run::start(cluster.driver(), experiment, std::move(options)));
  tune::or_throw(run->wait());
  return told.lines();
}

} // namespace

TEST_CASE("experiment end: any number of threads may wait for it, and all hear the same") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto running = session.start(walking(200, folder));

  std::vector<std::string> heard(4);
  std::vector<std::thread> waiting;
  for (auto& each : heard)
    waiting.emplace_back([&running, &each] { each = running.wait().ended(); });
  for (auto& each : waiting)
    each.join();

  CHECK(heard == std::vector<std::string>(4, "finished"));
  CHECK(running.wait().results() == 200);
}

TEST_CASE("experiment end: stopped twice and then gone, it ends in good order all the same") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  {
    auto running = session.start(walking(1000, folder, walk_until_stopped_once));
    (void)running.wait_for_result(100);
    running.stop();
    running.stop();
  }

  const auto trial = session.start(walking(1000, folder, walk_until_stopped_once)).wait().trials().at(0);

  const auto attempts = trial.attempts();
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].iterations >= 100);
  CHECK(attempts[1].iterations == 1000); // It saved when it was stopped: nothing is done again.
  CHECK(trial.iterations() == attempts[0].iterations + 1000);
  CHECK(trial.metrics().get<int>("steps") == trial.iterations());
}

TEST_CASE("experiment: that a crash had torn the end of its journal is told") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  auto experiment = walking(3, folder);
  CHECK(trouble_of(cluster, experiment) == std::vector<std::string>{});
  const auto segment = folder / "storage/walking/journal/000001.segment";
  std::filesystem::resize_file(segment, std::filesystem::file_size(segment) - 3);

  const auto told = trouble_of(cluster, experiment);

  REQUIRE(told.size() == 1);
  CHECK_MESSAGE(told[0].rfind(segment + ": ", 0) == 0, told[0]);
  CHECK_MESSAGE(told[0].find(" bytes that a crash left half written at the end have been cut off; nothing that was "
                             "acknowledged was among them") != std::string::npos,
                told[0]);
}

TEST_CASE("experiment: that decisions of its journal come out otherwise now is told") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  auto experiment = walking(5, folder);
  experiment.stop = {{"steps", tune::at_least(3)}};
  CHECK(trouble_of(cluster, experiment) == std::vector<std::string>{});
  CHECK(trouble_of(cluster, experiment) == std::vector<std::string>{});
  experiment.stop.clear();

  CHECK(trouble_of(cluster, experiment) ==
        std::vector<std::string>{"1 of the decisions in the journal come out otherwise now. What the journal says "
                                 "holds; but the scheduler, a stop condition or the version of caf-tune has changed, "
                                 "and the experiment cannot be repeated from its seed"});
}

TEST_CASE("experiment: a stop condition on a metric that nothing reports is told, once") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  auto experiment = walking(5, folder);
  experiment.stop = {{"step", tune::at_least(3)}};

  CHECK(trouble_of(cluster, experiment) ==
        std::vector<std::string>{
          R"(stop: the first result has no "step"; did you mean "steps"?; such a condition ends no trial)"});
}
