// caf-tune's commands on an experiment's directory, as a user or a script calls them.
#include "tests/integration/program_under_test.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tune/journal/file_journal.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

namespace {

const std::string caf_tune = CAF_TUNE;

experiment_for_test some_experiment() {
  experiment_for_test experiment(R"({"name": "digits", "trainable": "net", "metric": "accuracy", "mode": "max", )"
                                 R"("space": {"lr": {"uniform": [0, 1]}}, "command": ["/bin/echo", "--seed", "3"]})");
  experiment.run(1, {{"lr", 0.125}});
  experiment.run(2, {{"lr", 0.25}});
  experiment.report(1, 1, {{"accuracy", 0.875}});
  experiment.report(2, 1, {{"accuracy", 0.5}});
  experiment.report(1, 2, {{"accuracy", 0.25}});
  experiment.finish(1);
  return experiment;
}

/// An experiment's directory with the journal of these records.
std::string write_experiment(const temporary_directory& folder, const std::string& name = "digits") {
  const auto directory = folder / name;
  boost::filesystem::create_directories(directory);
  const auto nothing = [](tune::journal_position, const tune::journal_record&) { return tune::result<void>(); };
  const auto journal = tune::or_throw(tune::file_journal::open(directory + "/journal", nothing));
  for (const auto& each : some_experiment().records)
    journal->append(each);
  REQUIRE(journal->sync());
  return directory;
}

std::string newest_segment(const std::string& directory) {
  std::string newest;
  for (const auto& each : boost::filesystem::directory_iterator(directory + "/journal"))
    if (each.path().extension() == ".segment")
      newest = std::max(newest, each.path().string());
  return newest;
}

program_end run(const temporary_directory& folder, const words& command,
                const program_under_test::environment& more = {}) {
  return program_under_test(folder, words{caf_tune} + command, more).wait();
}

nlohmann::json json_of(const program_end& end) {
  INFO(end.err);
  REQUIRE(end.code == 0);
  CHECK(end.err.empty());
  return nlohmann::json::parse(end.out);
}

} // namespace

TEST_CASE("experiment commands: JSON with the fields that scripts know") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);

  const auto best = json_of(run(folder, {"best", directory, "--json"}));
  for (const char* field : {"trial", "config", "metrics", "iterations", "path"})
    CHECK(best.contains(field));
  CHECK(best["trial"] == "7f3a91c2_00002");
  CHECK(best["path"] == directory + "/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18");
  const auto best_ever = json_of(run(folder, {"best", directory + "/", "--json", "--scope", "best"}));
  CHECK(best_ever["trial"] == "7f3a91c2_00001");

  const auto trials = json_of(run(folder, {"trials", directory, "--json"}));
  REQUIRE(trials.size() == 2);
  for (const char* field : {"trial", "state", "config", "metrics", "iterations", "attempts", "error"})
    CHECK(trials[0].contains(field));
  for (const char* field : {"attempt", "node", "cause", "iterations"})
    CHECK(trials[0]["attempts"][0].contains(field));

  const auto results = json_of(run(folder, {"results", directory, "--json"}));
  CHECK(results.size() == 3);
  CHECK(json_of(run(folder, {"results", directory, "--json", "--trial", "1", "--last", "1"}))[0]["accuracy"] == 0.25);
}

TEST_CASE("experiment commands: tables and CSV") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);

  CHECK(run(folder, {"trials", directory}).out == "TRIAL           STATE       ITER  accuracy  TIME  lr\n"
                                                  "7f3a91c2_00002  running     1     0.5       0.5s  0.25\n"
                                                  "7f3a91c2_00001  terminated  2     0.25      1.0s  0.125\n");
  CHECK(run(folder, {"trials", directory, "--csv"}).out.substr(0, 16) == "trial,state,iter");
  CHECK(run(folder, {"results", directory, "--csv"}).out.substr(0, 25) == "trial,training_iteration,");
  CHECK(run(folder, {"best", directory}).out.substr(0, 27) == "TRIAL       7f3a91c2_00002\n");
}

TEST_CASE("experiment commands: an experiment by its name, in the storage") {
  const temporary_directory folder;
  boost::filesystem::create_directories(folder / "home/caf-tune-results");
  write_experiment(folder, "home/caf-tune-results/a");
  write_experiment(folder, "other");

  CHECK(run(folder, {"best", "a"}).code == 0);
  CHECK(run(folder, {"best", "other"}, {{"CAF_TUNE_STORAGE", folder.path.string()}}).code == 0);
  const auto nobody_there = "127.0.0.1:1"; // What is here is read here, though the cluster is down.
  CHECK(run(folder, {"best", "a"}, {{"CAF_TUNE_ADDRESS", nobody_there}}).code == 0);
}

TEST_CASE("experiment commands: paths are absolute, however the directory is given") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);
  const auto relative = boost::filesystem::relative(directory).string() + "/.";

  CHECK(json_of(run(folder, {"best", relative, "--json"}))["path"] ==
        directory + "/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18");
  CHECK(run(folder, {"resume", relative}).out.find(" --storage " + folder.path.string() + " ") != std::string::npos);
}

TEST_CASE("experiment commands: what is no experiment is an error that says why") {
  const temporary_directory folder;
  boost::filesystem::create_directories(folder / "empty");

  const auto nowhere = run(folder, {"trials", folder / "nowhere"});
  CHECK(nowhere.code == 1);
  CHECK(nowhere.err == "caf-tune: " + (folder / "nowhere") + ": there is no such directory\n");
  const auto empty = run(folder, {"best", folder / "empty", "--json"});
  CHECK(empty.code == 1);
  CHECK(empty.out.empty());
  CHECK(empty.err == "caf-tune: " + (folder / "empty") + ": that is no experiment's directory: it holds no journal\n");
  const auto directory = write_experiment(folder);
  const auto unknown = run(folder, {"best", directory, "--metric", "los", "--mode", "min"});
  CHECK(unknown.code == 1);
  CHECK(unknown.err == "caf-tune: " + directory + ": digits: no trial has a metric \"los\"; there is \"accuracy\"\n");
  const auto no_trial = run(folder, {"results", directory, "--trial", "9"});
  CHECK(no_trial.code == 1);
  CHECK(no_trial.err == "caf-tune: " + directory + ": there is no trial \"9\"\n");
}

TEST_CASE("experiment commands: a torn tail is told, and the rest shown") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);
  const auto segment = newest_segment(directory);
  boost::filesystem::resize_file(segment, boost::filesystem::file_size(segment) - 3);

  const auto trials = run(folder, {"trials", directory, "--json"});
  CHECK(trials.code == 0);
  CHECK(nlohmann::json::parse(trials.out).size() == 2);
  CHECK(trials.err.find("that a crash left half written at the end are not shown") != std::string::npos);
}

TEST_CASE("experiment commands: a damaged journal is an error") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);
  write_text(newest_segment(directory), "this is no journal, but a text that somebody wrote over it");

  const auto trials = run(folder, {"trials", directory, "--json"});
  CHECK(trials.code == 1);
  CHECK(trials.out.empty());
  CHECK(trials.err.rfind("caf-tune: " + directory + ": ", 0) == 0);
}

TEST_CASE("experiment commands: resume starts the program again, as it was started") {
  const temporary_directory folder;
  const auto directory = write_experiment(folder);

  const auto end = run(folder, {"resume", directory, "--samples", "8"});
  CHECK(end.code == 0);
  CHECK(end.out == "--seed 3 --resume --storage " + folder.path.string() + " --name digits --samples 8\n");
}

TEST_CASE("experiment commands: a wrong command line is wrong usage, every mistake at once") {
  const temporary_directory folder;

  const auto end = run(folder, {"best", "--json", "--csv", "--mode", "up", "--scope", "mean"});
  CHECK(end.code == 2);
  CHECK(end.err == "caf-tune: best: the experiment's directory, or its name, is missing\n"
                   "caf-tune: --json and --csv: only one of them\n"
                   "caf-tune: --mode: \"up\" is neither min nor max\n"
                   "caf-tune: --scope: \"mean\" is neither last nor best\n");
  CHECK(run(folder, {"resume", "x", "--samples", "0"}).code == 2);
  CHECK(run(folder, {"results", "x", "--last", "-1"}).code == 2);
  CHECK(run(folder, {"results", "x", "--no-such-flag"}).code == 2);
  for (const char* command : {"trials", "best", "results", "resume"})
    CHECK(run(folder, {command, "--help"}).code == 0);
}
