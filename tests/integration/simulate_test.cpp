// caf-tune simulate, as a user or a script calls it.
#include "tests/integration/program_under_test.hpp"
#include "tune/journal/file_journal.hpp"

#include <fstream>

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

namespace {

const char* const spec = R"(name: digits
trainable: {command: [python3, train.py]}
space:
  lr:       {loguniform: [1e-5, 1e-1]}
  act:      {choice: [relu, tanh]}
  momentum: {uniform: [0, 1], when: {act: relu}}
metric: accuracy
mode: max
samples: 30
seed: 7
searcher: random
scheduler: {name: asha, max_t: 27, reduction_factor: 3}
resources: {cpu: 2}
max_failures: 1
)";

class simulated_from {
public:
  explicit simulated_from(const std::string& text = spec) { std::ofstream(file()) << text; }

  std::string file() const { return folder / "spec.yaml"; }
  program_end run(const words& flags) const { return run_program(folder, words{CAF_TUNE, "simulate", file()} + flags); }
  nlohmann::json json(const words& flags) const {
    const auto end = run(words{"--json"} + flags);
    INFO(end.err);
    REQUIRE(end.code == 0);
    return nlohmann::json::parse(end.out);
  }
  /// What it says of wrong usage, without its own name and the file's folder.
  std::string wrong(const words& flags) const {
    const auto end = run(flags);
    CHECK(end.code == 2);
    CHECK(end.out.empty());
    return with(end.err, {{file(), "spec.yaml"}, {folder.path.string(), "FOLDER"}});
  }

  temporary_directory folder;
};

/// An experiment's directory: one trial with three iterations of ten seconds.
std::string write_experiment(const temporary_directory& folder, const std::string& metric) {
  const auto directory = folder / "earlier";
  boost::filesystem::create_directories(directory);
  const auto nothing = [](tune::journal_position, const tune::journal_record&) { return tune::result<void>(); };
  const auto journal = tune::or_throw(tune::file_journal::open(directory + "/journal", nothing));
  tune::record::experiment_begun begun;
  begun.id = "7f3a91c2";
  begun.name = "earlier";
  journal->append(begun);
  tune::record::trial_created made;
  made.trial = tune::trial_id{1};
  made.values = {{"lr", 0.01}, {"act", "tanh"}};
  journal->append(made);
  tune::record::attempt_started started;
  started.trial = made.trial;
  started.attempt = 1;
  journal->append(started);
  tune::record::attempt_placed placed;
  placed.trial = made.trial;
  placed.attempt = 1;
  journal->append(placed);
  for (tune::iteration_number i = 1; i <= 3; ++i) {
    tune::record::result_reported counted;
    counted.trial = made.trial;
    counted.attempt = 1;
    counted.iteration = i;
    counted.values = {{metric, 0.25 * static_cast<double>(i)}};
    counted.time_this_iteration_s = 10;
    counted.time_total_s = 10 * static_cast<double>(i);
    journal->append(counted);
  }
  REQUIRE(journal->sync());
  return directory;
}

} // namespace

TEST_CASE("simulate: a table for people") {
  const simulated_from it;

  const auto end = it.run(
    {"--nodes", "2", "--node-resources", "cpu=8", "--scheduler", "fifo", "--iterations", "10", "--start-time", "0s"});

  INFO(end.err);
  CHECK(end.code == 0);
  CHECK(end.err.empty());
  // 30 trials of ten seconds, eight at a time.
  CHECK(with(end.out, {{it.file(), "spec.yaml"}})
          .find(R"(spec.yaml: random with fifo, 30 trials of 10 iterations at most, each with cpu=2
cluster: 2 nodes with cpu=8; 8 trials at once
learning curves: invented

WHAT             VALUE
time to finish   40 s
time to best)") == 0);
  CHECK(end.out.find("\ntrials finished  30\n") != std::string::npos);
  CHECK(end.out.find("\nutilisation      93.8 %\n") != std::string::npos);
}

TEST_CASE("simulate: the spec file may come last, and there may be nodes of several kinds") {
  const simulated_from it;

  const auto end = run_program(it.folder, {CAF_TUNE, "simulate", "--nodes", "2", "--node-resources", "cpu=8", "--nodes",
                                           "3", "--node-resources", "cpu=4", it.file()});

  INFO(end.err);
  CHECK(end.code == 0);
  CHECK(end.out.find("\ncluster: 2 nodes with cpu=8, 3 nodes with cpu=4; 14 trials at once\n") != std::string::npos);
}

TEST_CASE("simulate: one JSON document, with every run") {
  const simulated_from it;

  const auto all = it.json({"--nodes", "2", "--repeat", "3", "--mean-time-between-failures", "15s", "--repair-time",
                            "exponential:5s", "--checkpoint-time", "100ms", "--target", "0.2", "--iteration-time",
                            "lognormal:2s,0.5", "--failure-chance", "0.01"});

  CHECK(all["searcher"]["name"] == "random");
  CHECK(all["scheduler"]["max_t"] == 27);
  CHECK(all["places"] == 8);
  REQUIRE(all["runs"].size() == 3);
  for (const auto& run : all["runs"]) {
    CHECK(run["ended"] == true);
    CHECK(run["terminated"].get<int>() + run["stopped"].get<int>() + run["error"].get<int>() == 30);
    CHECK(run["node_failures"] > 0);
    CHECK(run["time_to_target_s"] <= run["time_s"]);
  }
  CHECK(all["runs"][0]["seed"] == 7);
  CHECK(all["runs"][2]["seed"] == 9);
  CHECK(all["least"]["time_s"] <= all["median"]["time_s"]);
  CHECK(all["median"]["time_s"] <= all["most"]["time_s"]);
  CHECK(all == it.json({"--nodes", "2", "--repeat", "3", "--mean-time-between-failures", "15s", "--repair-time",
                        "exponential:5s", "--checkpoint-time", "100ms", "--target", "0.2", "--iteration-time",
                        "lognormal:2s,0.5", "--failure-chance", "0.01"}));
}

TEST_CASE("simulate: with the curves and times of an earlier experiment") {
  const simulated_from it;
  const auto earlier = write_experiment(it.folder, "accuracy");

  const auto all = it.json(
    {"--like", earlier, "--scheduler", "fifo", "--node-resources", "cpu=60", "--start-time", "0s", "--target", "0.5"});

  CHECK(all["like"] == earlier);
  CHECK(all["iterations_of_trial"] == 3);
  CHECK(all["median"]["time_s"] == 30.0);
  CHECK(all["median"]["time_to_target_s"] == 20.0);
  CHECK(all["median"]["best"] == 0.75);
}

TEST_CASE("simulate: an experiment.json is a spec file") {
  const simulated_from it(
    R"({"name":"digits","trainable":"digits","space":{"lr":{"loguniform":[0.0001,1.0]}},"metric":"accuracy",)"
    R"("mode":"max","samples":8,"seed":0,"searcher":{"name":"auto"},"searcher_chose":"gp and tpe in turn",)"
    R"("scheduler":{"name":"asha","max_t":27},"stop":{"training_iteration":{"at_least":9.0}},"resources":{"cpu":1},)"
    R"("max_failures":0,"max_losses":-1,"checkpoints":{"every":0,"at_end":true,"keep":2},"command":["/digits"]})");

  const auto all = it.json({});

  CHECK(all["iterations_of_trial"] == 9);
  CHECK(all["median"]["terminated"].get<double>() + all["median"]["stopped"].get<double>() == 8);
}

TEST_CASE("simulate: what a spec file cannot be run with is an error, with the head's words") {
  const simulated_from it;

  const auto end = it.run({"--node-resources", "cpu=1"});

  CHECK(end.code == 1);
  CHECK(end.out.empty());
  CHECK(with(end.err, {{it.file(), "spec.yaml"}}).find("caf-tune: spec.yaml: resources: cpu=2 fits on no node") == 0);
}

TEST_CASE("simulate: wrong flags are told all at once") {
  const simulated_from it;

  CHECK(it.wrong({"--nodes",
                  "0",
                  "--nodes",
                  "many",
                  "--node-resources",
                  "cpu=lots",
                  "--node-resources",
                  "cpu=1",
                  "--node-resources",
                  "gpu=0.5",
                  "--iterations",
                  "0",
                  "--iteration-time",
                  "2",
                  "--start-time",
                  "gauss:1s",
                  "--checkpoint-time",
                  "-1s",
                  "--repair-time",
                  "soon",
                  "--detection-time",
                  "uniform:1s,2s",
                  "--mean-time-between-failures",
                  "0s",
                  "--failure-chance",
                  "1.5",
                  "--target",
                  "high",
                  "--samples",
                  "-1",
                  "--seed",
                  "x",
                  "--repeat",
                  "0"}) ==
        R"(caf-tune: --samples: "-1" is no integer from 0 to 18446744073709551615
caf-tune: --seed: "x" is no integer from 0 to 18446744073709551615
caf-tune: --repeat: "0" is no integer from 1 to 10000
caf-tune: --nodes: 2 of them, but 3 of --node-resources; give as many of both
caf-tune: --nodes: "0" is no integer from 1 to 100000
caf-tune: --node-resources: cpu: lots is not an amount; use 0 to 1e14 in steps of 0.0001
caf-tune: --nodes: "many" is no integer from 1 to 100000
caf-tune: --node-resources: gpu=0.5 is not a number of devices; use a whole number from 0 to 1024
caf-tune: --iterations: "0" is no integer from 1 to 1000000000
caf-tune: --iteration-time: "2" is no time; use a number and its unit, for example 20ms, 2s, 1.5m, 6h or 30d
caf-tune: --start-time: there is no distribution "gauss"; use for example )"
        R"(uniform:1s,3s, exponential:2s or lognormal:2s,0.5
caf-tune: --checkpoint-time: "-1s" is no time from 0s to 3650d
caf-tune: --repair-time: "soon" is no time; use a number and its unit, for example 20ms, 2s, 1.5m, 6h or 30d
caf-tune: --detection-time: "uniform:1s,2s" is no time; use a number and its unit, for example 20ms, 2s, 1.5m, 6h or 30d
caf-tune: --mean-time-between-failures: 0 is no time between failures; use for example 30d
caf-tune: --failure-chance: 1.5 is no probability from 0 to 1
caf-tune: --target: "high" is no number
)");
  CHECK(it.wrong({"--no-checkpoints", "--checkpoint-time", "1s"}) ==
        "caf-tune: --checkpoint-time: --no-checkpoints is given, so none is written\n");
}

TEST_CASE("simulate: a wrong spec file is told with every line that is wrong") {
  const simulated_from it("space: {lr: {loguniform: [0, 1]}}\nscheduler: ashes\nresources: {cpu: -1}\nstop: 3\n");

  CHECK(it.wrong({}) == R"(caf-tune: spec.yaml:1: space: "lr": log scale needs low > 0, but low is 0; use for )"
                        R"(example 1e-6
caf-tune: spec.yaml:2: scheduler: there is no "ashes"; did you mean "asha"?
caf-tune: spec.yaml:3: resources: "cpu": -1 is not an amount; use 0 to 1e14 in steps of 0.0001
caf-tune: spec.yaml:4: stop: a mapping such as {training_iteration: 81} is needed, but it is 3
)");
}

TEST_CASE("simulate: what is missing") {
  const temporary_directory folder;
  const auto nothing = run_program(folder, {CAF_TUNE, "simulate"});
  CHECK(nothing.code == 2);
  CHECK(nothing.err == "caf-tune: simulate: the spec file is missing\n");
  const auto no_file = run_program(folder, {CAF_TUNE, "simulate", "/nowhere/spec.yaml"});
  CHECK(no_file.code == 2);
  CHECK(no_file.err == "caf-tune: /nowhere/spec.yaml: cannot be opened: No such file or directory\n");

  const simulated_from endless("space: {x: {uniform: [0, 1]}}\n");
  CHECK(endless.wrong({}) == "caf-tune: --iterations: it is missing: neither the scheduler nor stop: "
                             "training_iteration says how long a trial is; use for example --iterations 27\n");
}

TEST_CASE("simulate: an earlier experiment that is of no use") {
  const simulated_from it;
  const auto earlier = write_experiment(it.folder, "score");

  CHECK(it.wrong({"--like", it.folder / "earlier"}) ==
        "caf-tune: --like: FOLDER/earlier: its results have no \"accuracy\", but score\n");
  CHECK(it.wrong({"--like", it.folder / "later"}) == "caf-tune: --like: FOLDER/later: there is no such directory\n");
}
