#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "runtime/test_cluster.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/support/marked_processes.hpp"
#include "tune/tune.hpp"

// Experiments whose workers are killed and whose nodes are stopped. What the trial did, it writes down by itself.

using namespace std::chrono_literals;

namespace {

const tune::trainable counting("counting_by_itself", [](tune::trial& trial) {
  int count = 0;
  if (const auto checkpoint = trial.checkpoint())
    std::ifstream(*checkpoint / "count") >> count;
  std::ofstream diary(trial.get<std::string>("diary"), std::ios::app);
  for (;;) {
    std::this_thread::yield();
    diary << trial.attempt() << ' ' << ++count << ' ' << ::getpid() << std::endl;
    const auto next = trial.report({{"count", count}},
                                   [&](const tune::path& directory) { std::ofstream(directory / "count") << count; });
    if (next == tune::stop)
      return;
  }
});

struct entry {
  tune::attempt_number attempt;
  int count;
  pid_t process;
};

std::vector<entry> read_diary(const temporary_directory& folder) {
  std::vector<entry> all;
  std::ifstream diary(folder / "diary");
  for (entry each{}; diary >> each.attempt >> each.count >> each.process;)
    all.push_back(each);
  return all;
}

tune::experiment counting_to(int last, const temporary_directory& folder) {
  tune::experiment experiment("counting", counting);
  experiment.space = {{"diary", folder / "diary"}};
  experiment.metric = tune::maximize("count");
  experiment.stop = {{"count", tune::at_least(last)}};
  experiment.checkpoints.every = 10;
  experiment.storage = folder / "storage";
  experiment.environment = {{"CAF_TUNE_TEST_MARK", folder.path.string()}};
  return experiment;
}

/// Kills the worker of the only trial when it has stored a checkpoint that is newer than all that its earlier attempts
/// did. Returns what it had done.
entry kill_worker(tune::running_experiment& running, const temporary_directory& folder) {
  const auto before = read_diary(folder);
  running.wait_for_checkpoint(before.empty() ? 20 : before.back().count + 20);
  const auto last = read_diary(folder).back();
  REQUIRE(::kill(last.process, SIGKILL) == 0);
  REQUIRE(ends_within(last.process, 60s));
  return last;
}

/// Each attempt did one number after the other, and began behind a checkpoint of the one before.
void check_diary(const std::vector<entry>& diary, std::size_t attempts, int last) {
  std::map<tune::attempt_number, std::vector<int>> counts;
  for (const auto& each : diary)
    counts[each.attempt].push_back(each.count);
  REQUIRE(counts.size() == attempts);
  int before = 0;
  for (const auto& [attempt, numbers] : counts) {
    CAPTURE(attempt);
    CHECK(numbers.front() % 10 == 1);
    CHECK(numbers.front() <= before + 1);
    CHECK(numbers.front() > before - 20); // Of the newest checkpoint, or of the one before while that was copied.
    for (std::size_t i = 1; i < numbers.size(); ++i)
      CHECK(numbers[i] == numbers[i - 1] + 1);
    before = numbers.back();
  }
  CHECK(before == last);
}

/// The iterations that each attempt counted add up to what there are: each once.
void check_each_once(const tune::result_grid& results, tune::iteration_number last) {
  const auto trial = results.trials().at(0);
  CHECK(results.results() == static_cast<std::uint64_t>(last));
  CHECK(results.lost_results() == 0);
  CHECK(trial.iterations() == last);
  std::ifstream lines((trial.path() / "result.json").string());
  tune::iteration_number number = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.find("\"training_iteration\": " + std::to_string(++number) + ",") == std::string::npos)
      FAIL_CHECK("not result ", number, ": ", line);
  CHECK(number == last);
}

} // namespace

TEST_CASE("experiment: a worker that is killed again and again goes on from its checkpoint, as often as it may") {
  const temporary_directory folder;
  runtime::test_cluster cluster(2, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = counting_to(1000, folder);
  experiment.max_failures = 4;

  auto running = session.start(experiment);
  for (int round = 0; round < 4; ++round)
    kill_worker(running, folder);
  const auto results = running.wait();

  const auto trial = results.trials().at(0);
  CHECK(trial.state() == tune::trial_state::terminated);
  CHECK(trial.error() == "");
  check_each_once(results, 1000);
  check_diary(read_diary(folder), 5, 1000);
  const auto attempts = trial.attempts();
  REQUIRE(attempts.size() == 5);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(attempts[i].cause == "crash");
    CHECK_MESSAGE(attempts[i].error.find("SIGKILL") != std::string::npos, attempts[i].error);
    CHECK(attempts[i].node != attempts[i + 1].node); // There is room on the other one.
  }
  CHECK(attempts[4].cause == "stopped"); // By the stop condition.
}

TEST_CASE("experiment: a worker that is killed more often than max_failures says has failed") {
  const temporary_directory folder;
  runtime::test_cluster cluster(1, runtime::cpus(1));
  tune::session session(cluster);
  auto experiment = counting_to(100'000, folder);
  experiment.max_failures = 1;

  auto running = session.start(experiment);
  kill_worker(running, folder);
  const auto last = kill_worker(running, folder);
  const auto results = running.wait();

  const auto trial = results.trials().at(0);
  CHECK(trial.state() == tune::trial_state::error);
  CHECK(trial.attempts().size() == 2);
  CHECK(trial.iterations() <= last.count);
  CHECK(trial.iterations() >= last.count - 1);
  check_each_once(results, trial.iterations());
  CHECK_MESSAGE(trial.error().find("SIGKILL") != std::string::npos, trial.error());
  CHECK_MESSAGE(trial.reason().find("(failure 2, max_failures is 1)") != std::string::npos, trial.reason());
}

TEST_CASE("experiment: the trial of a node that falls silent goes on elsewhere, and what comes late is dropped") {
  const temporary_directory folder;
  runtime::test_cluster cluster(2, runtime::cpus(1));
  tune::session session(cluster);
  auto running = session.start(counting_to(1000, folder));
  const auto trial = running.wait_for_checkpoint(20);

  cluster.stop_node(trial.node());
  const auto late = read_diary(folder).back();
  running.wait_for_checkpoint(late.count + 20); // Only another attempt can have reported that.
  REQUIRE(read_diary(folder).back().attempt == 2);
  cluster.continue_node(trial.node());
  CHECK(ends_within(late.process, 10s)); // What the first attempt does now counts for nothing; it does not go on.
  const auto results = running.wait();

  const auto attempts = results.trials().at(0).attempts();
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].cause == "node lost");
  CHECK(attempts[0].node == trial.node());
  CHECK(attempts[1].cause == "stopped"); // By the stop condition.
  CHECK(attempts[1].node != trial.node());
  CHECK(results.trials().at(0).state() == tune::trial_state::terminated);
  check_each_once(results, 1000);
  auto second = read_diary(folder);
  second.erase(std::remove_if(second.begin(), second.end(), [](const entry& e) { return e.attempt != 2; }),
               second.end());
  CHECK(second.back().count == 1000);
  cluster.wait_for_node(trial.node()); // It is back.
}
