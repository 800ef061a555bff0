#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "runtime/test_cluster.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/support/marked_processes.hpp"
#include "tune/tune.hpp"

// One experiment, and all that the code of users does to it.

using namespace std::chrono_literals;

namespace {

tune::metrics values(double loss) {
  return {{"loss", loss}, {"process", static_cast<int>(::getpid())}};
}

/// A child that does not go by itself; one that has left its process group, too.
int fork_one_that_stays(bool leaves) {
  const auto child = ::fork();
  if (child != 0)
    return child;
  ::signal(SIGTERM, SIG_IGN);
  if (leaves)
    ::setsid();
  for (;;)
    ::pause();
}

constexpr std::uint64_t most_printed = 10u << 20; ///< Of each file, as docs/tuning.md says.

/// More than may be kept, on both ways; then some more, when it has been cut.
void print_much() {
  const std::string line(1023, '.');
  for (int i = 0; i < 16 << 10; ++i) {
    std::printf("%s\n", line.c_str());
    std::cerr << line << '\n';
  }
}

void misbehave(const std::string& how, tune::trial& trial) {
  if (how == "throws")
    throw std::out_of_range("no such row");
  if (how == "throws no exception")
    throw 7;
  if (how == "exits")
    std::exit(3);
  if (how == "crashes")
    std::raise(SIGSEGV);
  if (how == "loops")
    for (volatile bool forever = true; forever;)
      ;
  if (how == "says NaN")
    trial.report(values(std::numeric_limits<double>::quiet_NaN()));
  if (how == "says no metric")
    trial.report({{"los", 1}});
  if (how == "says much") {
    auto much = values(1);
    for (int i = 0; i < 2000; ++i)
      much.set(std::to_string(i), i);
    trial.report(much);
  }
  if (how == "prints much") {
    print_much();
    trial.report(values(1));
    print_much();
  }
  if (how == "saves nothing")
    trial.report(values(1), [](const tune::path&) {});
  if (how == "forks" || how == "forks a daemon") {
    auto with_child = values(1);
    with_child.set("child", fork_one_that_stays(how == "forks a daemon"));
    trial.report(with_child);
  }
}

const tune::trainable some_of_each("some_of_each", [](tune::trial& trial) {
  trial.report(values(2));
  misbehave(trial.get<std::string>("how"), trial);
});

/// A worker that was looked at before it ended is told with its memory.
std::string without_memory(const std::string& text) {
  return text.substr(0, text.find("; peak memory"));
}

struct expectation {
  std::string how;
  tune::trial_state state;
  std::string cause;
  std::string error;
  int iterations;
};

const expectation expected[] = {
  {"is good", tune::trial_state::terminated, "finished", "", 1},
  {"throws", tune::trial_state::error, "exception", "std::out_of_range: no such row", 1},
  {"throws no exception", tune::trial_state::error, "exception", "an exception of type int", 1},
  {"exits", tune::trial_state::error, "crash", "worker exited with code 3", 1},
  {"crashes", tune::trial_state::error, "crash", "worker was killed by signal 11 (SIGSEGV)", 1},
  {"loops", tune::trial_state::error, "deadline", "iteration 2 took longer than its deadline of 1 s", 1},
  {"says NaN", tune::trial_state::terminated, "finished", "", 2},
  {"says no metric", tune::trial_state::error, "exception",
   "iteration 2: the metric \"loss\" is missing; reported: \"los\"", 1},
  {"says much", tune::trial_state::error, "exception",
   "iteration 2: 2002 values are more than the limit of 1000; write what is large into a file", 1},
  {"prints much", tune::trial_state::terminated, "finished", "", 2},
  {"saves nothing", tune::trial_state::terminated, "finished", "", 2},
  {"forks", tune::trial_state::terminated, "finished", "", 2},
  {"forks a daemon", tune::trial_state::terminated, "finished", "", 2},
};

/// What was printed first is kept, and then that more was printed.
void check_that_much_was_cut(const std::filesystem::path& file) {
  const auto text = read_text(file.string());
  const auto note = "\n[caf-tune: cut here: more than " + std::to_string(most_printed) + " bytes]\n";
  CAPTURE(file.string());
  REQUIRE(text.size() == most_printed + note.size());
  CHECK(text.substr(0, 1024) == std::string(1023, '.') + '\n');
  CHECK(text.substr(most_printed) == note);
}

} // namespace

TEST_CASE("experiment: whatever its trials do, each is told as it was, the others go on, and no process is left") {
  const temporary_directory folder;
  std::map<std::string, tune::trial_result> trials;
  {
    runtime::test_cluster cluster(2, runtime::cpus(2));
    tune::session session(cluster);
    tune::experiment experiment("bad_code", some_of_each);
    std::vector<std::string> all;
    for (const auto& each : expected)
      all.push_back(each.how);
    experiment.space = {{"how", tune::grid(all)}};
    experiment.metric = tune::minimize("loss");
    experiment.step_deadline = 1s;
    experiment.checkpoints.every = 1;
    experiment.storage = folder / "storage";
    experiment.environment = {{"CAF_TUNE_TEST_MARK", folder.path.string()}};

    const auto results = session.start(experiment).wait();

    CHECK(results.ended() == "finished");
    CHECK(results.lost_results() == 0);
    CHECK(results.size() == all.size());
    CHECK(results.best().metrics().get<double>("loss") == 1); // Not NaN.
    for (const auto& each : results.trials())
      trials.emplace(each.config().get<std::string>("how"), each);
    CHECK_FALSE(processes_with("CAF_TUNE_TEST_MARK=" + folder.path.string()).empty()); // The check below sees them.
    for (const char* how : {"exits", "crashes", "loops"})
      CHECK_MESSAGE(ends_within(trials.at(how).metrics().get<int>("process"), 0ms), how);
  }
  CHECK(left_after(10s, "CAF_TUNE_TEST_MARK=" + folder.path.string()).empty());

  for (const auto& each : expected) {
    CAPTURE(each.how);
    REQUIRE(trials.count(each.how) == 1);
    const auto& trial = trials.at(each.how);
    CHECK(trial.state() == each.state);
    CHECK(trial.iterations() == each.iterations);
    CHECK(without_memory(trial.error()) == each.error);
    REQUIRE(trial.attempts().size() == 1);
    CHECK(trial.attempts()[0].cause == each.cause);
    CHECK(without_memory(trial.attempts()[0].error) == each.error);
    CHECK(trial.checkpoint().has_value() == false);
    const auto told = read_text((trial.path() / "error.txt").string());
    CHECK(told.find(each.error) != std::string::npos);
  }
  for (const char* file : {"stdout", "stderr"}) {
    check_that_much_was_cut(trials.at("prints much").path() / file);
    for (const auto& [how, trial] : trials) // What one prints is not in the files of others.
      if (how != "prints much")
        CHECK_MESSAGE(std::filesystem::file_size(trial.path() / file) < 100'000, how);
  }
  CHECK(std::isnan(trials.at("says NaN").metrics().get<double>("loss")));
}
