#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "runtime/test_cluster.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/tune.hpp"

// Whole experiments on clusters of real processes, of which some die.

namespace {

/// Counts its steps. What it has counted is in its checkpoint; each step it also writes down by itself, so that a test
/// can compare.
class counting : public tune::trial_actor {
public:
  void set_up(const tune::config& values) override {
    diary_ = values.get<std::string>("diary");
    holds_until_ = values.get<std::string>("holds_until");
  }
  tune::metrics step() override {
    while (count_ == 1000 && !holds_until_.empty() && !std::filesystem::exists(holds_until_))
      std::this_thread::yield();
    std::ofstream(diary_, std::ios::app) << ++count_ << '\n';
    std::this_thread::yield();
    return {{"count", count_}};
  }
  void save(const tune::path& directory) override { std::ofstream(directory / "count") << count_; }
  void load(const tune::path& directory) override { std::ifstream(directory / "count") >> count_; }

private:
  std::string diary_;
  std::string holds_until_; ///< This file is there: then it goes on after 1,000.
  int count_ = 0;
};
const auto counting_trainable = tune::trainable::of<counting>("counting");

const tune::trainable square("square", [](tune::trial& trial) {
  const auto x = trial.get<double>("x");
  if (x < 0)
    throw std::domain_error("x is negative");
  trial.report({{"loss", x * x}, {"process", static_cast<int>(::getpid())}});
});

tune::experiment counting_to(int last, const temporary_directory& folder) {
  tune::experiment experiment("counting", counting_trainable);
  experiment.space = {{"diary", folder / "diary"}, {"holds_until", ""}};
  experiment.metric = tune::maximize("count");
  experiment.stop = {{"training_iteration", tune::at_least(last)}};
  experiment.checkpoints.every = 10;
  experiment.storage = folder / "storage";
  return experiment;
}

/// How often each number stands in the diary.
std::map<int, int> read_diary(const temporary_directory& folder) {
  std::map<int, int> often;
  std::ifstream diary(folder / "diary");
  for (int n = 0; diary >> n;)
    ++often[n];
  return often;
}

} // namespace

TEST_CASE("experiment: a grid is tried out on a cluster, and the best is found") {
  runtime::test_cluster cluster(2, runtime::cpus(2));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::grid({3.0, 1.0, 2.0})}};
  experiment.metric = tune::minimize("loss");
  experiment.samples = 2;

  const auto results = session.start(experiment).wait();

  CHECK(results.size() == 6);
  CHECK(results.count(tune::trial_state::terminated) == 6);
  CHECK(results.best().config().get<double>("x") == 1.0);
  CHECK(results.best().metrics().get<double>("loss") == 1.0);
  CHECK(results.lost_results() == 0);
}

TEST_CASE("experiment: a trial that throws has failed, with its message, and the others go on") {
  runtime::test_cluster cluster(1, runtime::cpus(2));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::grid({-1.0, 2.0})}};
  experiment.metric = tune::minimize("loss");

  const auto results = session.start(experiment).wait();

  REQUIRE(results.errors().size() == 1);
  CHECK(results.errors()[0].error().find("x is negative") != std::string::npos);
  CHECK(results.best().config().get<double>("x") == 2.0);
}

TEST_CASE("experiment: what fits on no node is an error that says by how much") {
  runtime::test_cluster cluster(1, runtime::cpus(2));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", 1.0}};
  experiment.metric = tune::minimize("loss");
  experiment.resources = {{"gpu", 1}};

  const auto results = session.start(experiment).try_wait();

  REQUIRE_FALSE(results);
  CHECK(results.error().code == tune::errc::infeasible);
  CHECK(results.error().message.rfind("resources: gpu=1 fits on no node: ", 0) == 0);
}

TEST_CASE("experiment: a trial goes on, on another node, from its newest checkpoint, and each result counts once") {
  for (const bool local_first : {false, true}) {
    CAPTURE(local_first); // Without any shared directory: checkpoints travel over the cluster's links.
    const temporary_directory folder;
    runtime::test_cluster cluster(3, runtime::cpus(1));
    tune::session session(cluster);
    auto experiment = counting_to(2000, folder);
    experiment.checkpoints.local_first = local_first;
    experiment.space = {{"diary", folder / "diary"}, {"holds_until", folder / "go"}}; // It is not through before.

    auto running = session.start(experiment);
    const auto trial = running.wait_for_checkpoint(20);
    cluster.kill_node(trial.node());
    std::ofstream(folder / "go").put('\n');
    const auto results = running.wait();

    const auto best = results.best();
    CHECK(best.state() == tune::trial_state::terminated);
    CHECK(best.iterations() == 2000);
    CHECK(best.metrics().get<int>("count") == 2000);
    CHECK(results.results() == 2000);
    CHECK(results.lost_results() == 0);
    REQUIRE(best.attempts().size() == 2);
    CHECK(best.attempts()[0].cause == "node lost");
    CHECK(best.attempts()[1].node != trial.node());
    const auto diary = read_diary(folder);
    CHECK(diary.size() == 2000);
    CHECK(diary.begin()->first == 1);
    CHECK(diary.begin()->second == 1);                                     // It did not begin anew.
    for (const auto& each : {best.checkpoint(), best.best_checkpoint()}) { // The trial ended before it was copied.
      REQUIRE(each);
      CHECK_MESSAGE(each->string().rfind(folder / "storage", 0) == 0, each->string());
      std::ifstream count(*each / "count");
      CHECK(std::string(std::istreambuf_iterator<char>(count), {}) == "2000");
    }
  }
}

TEST_CASE("experiment: one that is stopped is gone on with, and one that has finished is extended") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  {
    auto running = session.start(counting_to(300, folder));
    (void)running.wait_for_result(10);
    running.stop();
    CHECK(running.try_wait());
  }
  {
    const auto results = session.start(counting_to(300, folder)).wait();
    CHECK(results.best().iterations() == 300);
    CHECK(results.results() == 300);
    CHECK(results.size() == 1);
    CHECK(results.best().attempts().size() == 2);
  }
  auto more = counting_to(300, folder);
  more.samples = 2;
  const auto results = session.start(more).wait();
  CHECK(results.size() == 2);
  CHECK(results.results() == 600);
}

TEST_CASE("experiment: one that is stopped goes on where it was, also if its checkpoint was on a node's own disk") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = counting_to(300, folder);
  experiment.checkpoints.local_first = true;
  experiment.checkpoints.every = 1000; // None but that of the stop.
  {
    auto running = session.start(experiment);
    (void)running.wait_for_result(10);
    running.stop();
    const auto results = running.try_wait();
    REQUIRE(results);
    const auto checkpoint = results->trials()[0].checkpoint();
    REQUIRE(checkpoint);
    CHECK_MESSAGE(checkpoint->string().rfind(folder / "storage", 0) == 0, checkpoint->string());
  }

  const auto results = session.start(experiment).wait();

  CHECK(results.results() == 300);
  for (const auto& [number, often] : read_diary(folder))
    CHECK_MESSAGE(often == 1, number);
}

TEST_CASE("experiment: its user pauses, resumes and stops single trials; a pause outlives the driver") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = counting_to(100'000'000, folder); // Only its user ends a trial.
  experiment.samples = 2;
  {
    auto running = session.start(experiment);
    (void)running.wait_for_result(10);
    CHECK(running.pause("3").error().message.find("there is no trial \"3\"") == 0);
    CHECK(running.pause("1", "the room is hot"));
    const auto paused = running.wait_for_state("1", tune::trial_state::paused);
    CHECK(running.results().trials()[0].reason() == "the room is hot");
    const auto other = running.wait_for_state("2", tune::trial_state::running);
    CHECK(running.resume(other.id()).error().message == "trial 2 is running, not paused");
    CHECK(running.stop(other.id(), "it is no good"));
    running.wait_for_state("2", tune::trial_state::stopped);

    const auto results = running.wait(); // Nothing else is left to be done.
    CHECK(results.ended() == "paused by the user: 1 trial");
    CHECK(results.trials()[0].state() == tune::trial_state::paused);
    CHECK(results.trials()[0].iterations() >= paused.iterations());
    CHECK(results.trials()[1].reason() == "it is no good");
    CHECK(running.stop("1").error().message == "the experiment has ended");
  }
  const auto before = read_diary(folder);

  auto running = session.start(experiment);
  CHECK(running.results().trials()[0].state() == tune::trial_state::paused);
  CHECK(running.resume("1"));
  const auto first = running.wait_for_state("1", tune::trial_state::running);
  (void)running.wait_for_result(first.iterations() + 10);
  CHECK(running.stop("1"));
  const auto results = running.wait();

  CHECK(results.ended() == "finished");
  CHECK(results.count(tune::trial_state::stopped) == 2);
  CHECK(results.lost_results() == 0);
  CHECK(read_diary(folder).at(1) == before.at(1)); // It did not begin anew.
}

namespace {

/// Counts what it is told; the first result of each trial makes it throw.
class counting_callback : public tune::callback {
public:
  void on_trial_started(const tune::trial_start&) override { ++started; }
  void on_result(const tune::trial_report& what) override {
    ++results;
    if (what.iteration == 1)
      throw std::runtime_error("nobody is at home");
  }
  void on_checkpoint(const tune::stored_checkpoint& what) override {
    newest = std::max(newest, what.iteration);
    CHECK(what.directory.is_absolute());
  }
  void on_trial_ended(const tune::trial_end& what) override {
    CHECK(what.state == tune::trial_state::terminated);
    CHECK(what.metrics.get<int>("count") == what.iterations);
    ++ended;
  }
  void on_experiment_ended(const tune::experiment_end& what) override {
    CHECK(what.why == "finished");
    CHECK(ended == started);
    is_over = true;
  }

  int started = 0, results = 0, ended = 0;
  tune::iteration_number newest = 0;
  bool is_over = false;
};

} // namespace

TEST_CASE("experiment: callbacks hear all that happens, and what they throw harms nobody") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = counting_to(200, folder);
  experiment.samples = 2;
  const auto heard = std::make_shared<counting_callback>();
  experiment.callbacks = {heard};

  const auto results = session.start(experiment).wait();

  CHECK(results.count(tune::trial_state::terminated) == 2);
  CHECK(heard->started == 2);
  CHECK(heard->results == 400);
  CHECK(heard->newest == 200);
  CHECK(heard->ended == 2);
  CHECK(heard->is_over);

  const auto late = std::make_shared<counting_callback>(); // Of what was before it hears nothing.
  experiment.callbacks = {late};
  (void)session.start(experiment).wait();
  CHECK(late->results == 0);
}

TEST_CASE("experiment: another one of the same name is refused, with what is different") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::uniform(0, 1)}};
  experiment.metric = tune::minimize("loss");
  experiment.storage = folder / "storage";
  (void)session.start(experiment).wait();

  experiment.space = {{"x", tune::uniform(0, 2)}};
  const auto refused = session.try_start(experiment);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == tune::errc::already_exists);
  CHECK(refused.error().message.find("\"x\"") != std::string::npos);
}

TEST_CASE("experiment: one that was begun with another searcher than the default goes on with that one") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::uniform(0, 1)}};
  experiment.metric = tune::minimize("loss");
  experiment.storage = folder / "storage";
  experiment.samples = 2;
  experiment.searcher = tune::halton_search();
  (void)session.start(experiment).wait();

  experiment.samples = 4;
  experiment.searcher = tune::auto_search();
  const auto results = session.start(experiment).wait();

  const auto halton = tune::halton_search().make({experiment.space, 0, 4, 0});
  std::set<double> proposed;
  std::set<double> tried;
  for (std::uint64_t i = 1; i <= 4; ++i)
    proposed.insert(halton->ask({tune::trial_id{i}}).proposals.at(0).values.get<double>("x"));
  for (const auto& each : results.trials())
    tried.insert(each.config().get<double>("x"));
  CHECK(tried == proposed);
}

TEST_CASE("experiment: two drivers cannot have one experiment at once") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto running = session.start(counting_to(100'000, folder));
  (void)running.wait_for_result(1);

  const auto refused = session.try_start(counting_to(100'000, folder));

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == tune::errc::refused);
  running.stop();
}

TEST_CASE("experiment: every mistake is told at once, and nothing is left behind") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("wrong", square);
  experiment.space = {{"lr", tune::log_uniform(0, 1)}};
  experiment.samples = 0;
  experiment.resources = {{"cpu", -1}};
  experiment.storage = folder / "storage";

  const auto refused = session.try_start(experiment);

  REQUIRE_FALSE(refused);
  const auto& text = refused.error().message;
  for (const char* part : {"space: \"lr\": log scale needs low > 0, but low is 0", "metric: there is none",
                           "samples: 0 trials find nothing", "resources: \"cpu\": -1 is not an amount"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part, " is not in: ", text);
  CHECK_FALSE(std::filesystem::exists(std::filesystem::path(folder / "storage")));
}

TEST_CASE("experiment: where it asks for that, each attempt has a process that served nobody before") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(2));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::uniform(0, 10)}};
  experiment.metric = tune::minimize("loss");
  experiment.samples = 12;
  experiment.storage = folder / "storage";
  const auto processes = [&] {
    std::set<int> ids;
    for (const auto& trial : session.start(experiment).wait().trials())
      ids.insert(trial.metrics().get<int>("process"));
    return ids.size();
  };

  CHECK(processes() < 12); // Workers take one trial after the other.
  experiment.name = "squares of processes";
  experiment.process_per_attempt = true;
  CHECK(processes() == 12);
}

TEST_CASE("experiment: cheap trials run on threads of the program, and are journalled like others") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  tune::experiment experiment("squares", square);
  experiment.space = {{"x", tune::uniform(0, 10)}};
  experiment.metric = tune::minimize("loss");
  experiment.samples = 500;
  experiment.in_process_threads = 2;
  experiment.storage = folder / "storage";

  const auto results = session.start(experiment).wait();
  CHECK(results.count(tune::trial_state::terminated) == 500);
  CHECK(results.best().metrics().get<double>("loss") < 1);

  const auto again = session.start(experiment).wait(); // It has finished: nothing is run again.
  CHECK(again.results() == 500);
  CHECK(again.best().id() == results.best().id());
}
