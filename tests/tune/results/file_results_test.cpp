#include "tune/results/file_results.hpp"

#include "runtime/base/random_stream.hpp"
#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/support/seeds.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tests/tune/results/vector_source.hpp"

#include <functional>
#include <map>
#include <optional>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tune;

namespace {

/// Trials that run at once, fail, are restored, get new metrics, and end.
experiment_for_test some_experiment() {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 4; ++trial)
    experiment.run(trial, {{"lr", 0.25 * static_cast<double>(trial)}, {"data", "x"}});
  for (iteration_number i = 1; i <= 4; ++i)
    for (std::uint64_t trial = 1; trial <= 3; ++trial) {
      metrics values = {{"accuracy", 0.5}, {"text", "a \"quoted\"\nline"}};
      if (i >= static_cast<iteration_number>(trial) + 1)
        values.set("late, and quoted", static_cast<double>(i));
      experiment.report(trial, i, values);
      if (trial == 2 && i == 2) {
        experiment.end_attempt(2, end_cause::lost, "node-1 was lost");
        experiment.start(2, 2, 1);
        experiment.place(2, 2, "node-2");
      }
    }
  experiment.finish(1);
  experiment.end_attempt(3, end_cause::threw, "std::runtime_error: no");
  experiment.change(3, trial_state::error, "1 failure, and none is allowed");
  experiment.run(5);
  experiment.report(5, 1, {{"accuracy", 1}});
  experiment.end();
  return experiment;
}

using content = std::map<std::string, std::string>;

content content_of(const temporary_directory& disk) {
  content all;
  for (const auto& each : boost::filesystem::recursive_directory_iterator(disk.path))
    if (boost::filesystem::is_regular_file(each.path()) && each.path().filename() != ".results")
      all[boost::filesystem::relative(each.path(), disk.path).string()] = read_text(each.path().string());
  return all;
}

file_results_options options_of(const temporary_directory& disk) {
  file_results_options options;
  options.directory = disk.path.string();
  return options;
}

/// Goes on with what lies there, to the end of the journal.
void resume(const temporary_directory& disk, vector_source& journal) {
  file_results results(options_of(disk), journal);
  REQUIRE(results.open(journal.records.size()));
  REQUIRE(results.finish());
}

content expected_of(vector_source& journal) {
  const temporary_directory disk;
  resume(disk, journal);
  return content_of(disk);
}

/// Compared file by file, so that a failure shows one file and not all.
void check_same(const content& found, const content& expected) {
  for (const auto& [name, text] : expected) {
    INFO(name);
    REQUIRE(found.count(name) == 1);
    REQUIRE(found.at(name) == text);
  }
  REQUIRE(found.size() == expected.size());
}

/// In a process of its own, that is gone at its n-th change of the disk. False: it came to its end before.
bool run_and_crash(const temporary_directory& disk, vector_source& journal, int changes, std::size_t flush_each) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto options = options_of(disk);
    options.files.buffer_bytes = 200; // Some is written before it is flushed.
    options.files.max_open = 4;
    options.files.before_each_change = [left = changes]() mutable {
      if (--left < 0)
        ::_exit(1);
    };
    file_results results(options, journal);
    if (!results.open(0))
      ::_exit(2);
    for (auto i = results.next(); i <= journal.records.size(); ++i) {
      results.on_record(i, journal.records[i - 1]);
      if (i % flush_each == 0 && !results.flush())
        ::_exit(2);
    }
    ::_exit(results.finish() ? 0 : 2);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) != 2);
  return WEXITSTATUS(status) == 1;
}

} // namespace

TEST_CASE("results on disk: every file of every trial") {
  vector_source journal(some_experiment().records);
  const auto all = expected_of(journal);

  const std::string first = "net_7f3a91c2_00001_lr=0.25_2026-11-25_12-48-15/";
  CHECK(all.count("experiment.json") == 1);
  CHECK(all.at(first + "params.json") == "{\n  \"lr\": 0.25,\n  \"data\": \"x\"\n}\n");
  CHECK(std::count(all.at(first + "result.json").begin(), all.at(first + "result.json").end(), '\n') == 4);
  const auto& csv = all.at(first + "progress.csv");
  CHECK(csv.substr(0, 14) == "accuracy,text,");
  CHECK(csv.find(",\"late, and quoted\"\n") == csv.find('\n') - 19);
  CHECK(csv.find("\"a \"\"quoted\"\"\nline\"") != std::string::npos);
  CHECK(all.count(first + "events.out.tfevents.1795610895.7f3a91c2_00001") == 1);
  CHECK(all.count(first + "error.txt") == 0);
  const std::string third = "net_7f3a91c2_00003_lr=0.75_2026-11-25_12-48-21/";
  CHECK(all.at(third + "error.txt").find("std::runtime_error: no") != std::string::npos);
  const std::string fourth = "net_7f3a91c2_00004_lr=1_2026-11-25_12-48-24/";
  CHECK(all.count(fourth + "params.json") == 1);
  CHECK(all.count(fourth + "result.json") == 0); // It reported nothing.
  CHECK(all.size() == 1 + 4 * 4 + 2 + 1);
}

TEST_CASE("results on disk: few descriptors and small buffers change nothing") {
  vector_source journal(some_experiment().records);
  const temporary_directory disk;
  auto options = options_of(disk);
  options.files.max_open = 1;
  options.files.buffer_bytes = 1;
  file_results results(options, journal);
  REQUIRE(results.open(journal.records.size()));
  REQUIRE(results.finish());

  check_same(content_of(disk), expected_of(journal));
}

TEST_CASE("results on disk: whenever the process ends, the next one leaves each result there once") {
  vector_source journal(some_experiment().records);
  const auto expected = expected_of(journal);
  for (const std::size_t flush_each : {1, 5, 1000}) {
    int changes = 0;
    for (;; ++changes) {
      const temporary_directory disk;
      const bool crashed = run_and_crash(disk, journal, changes, flush_each);
      INFO("ended at change ", changes, " of the disk, flushing each ", flush_each);
      resume(disk, journal);
      check_same(content_of(disk), expected);
      if (!crashed)
        break;
    }
    CHECK(changes >= 30);
  }
}

TEST_CASE("results on disk: processes that end again and again lose and double nothing") {
  vector_source journal(some_experiment().records);
  const auto expected = expected_of(journal);
  for_each_seed(20, [&](seed s) {
    runtime::random_stream random(s);
    const temporary_directory disk;
    while (run_and_crash(disk, journal, 5 + static_cast<int>(random.below(60)), 1 + random.below(8)))
      continue;
    check_same(content_of(disk), expected);
  });
}

TEST_CASE("results on disk: what a crash tore off is written again") {
  vector_source journal(some_experiment().records);
  const auto expected = expected_of(journal);
  for_each_seed(60, [&](seed s) {
    runtime::random_stream random(s);
    const temporary_directory disk;
    std::map<std::string, std::size_t> safe; // What was there when it was last said to be.
    {
      auto options = options_of(disk);
      options.files.buffer_bytes = 1 + random.below(400);
      file_results results(options, journal);
      REQUIRE(results.open(0));
      const auto end = random.below(journal.records.size() + 1);
      for (std::uint64_t i = 1; i <= end; ++i) {
        results.on_record(i, journal.records[i - 1]);
        if (random.chance(0.1)) {
          REQUIRE(results.flush());
          for (const auto& [name, text] : content_of(disk))
            safe[name] = text.size();
        }
      }
    }
    for (const auto& [name, text] : content_of(disk))
      if (const auto kept = safe[name]; text.size() > kept && name.find(".json.") == std::string::npos)
        boost::filesystem::resize_file(disk.path / name, kept + random.below(text.size() - kept + 1));

    resume(disk, journal);

    check_same(content_of(disk), expected);
  });
}

TEST_CASE("results on disk: what somebody removed or spoiled is written anew from the journal") {
  const auto whole = some_experiment().records;
  vector_source journal(whole);
  const auto expected = expected_of(journal);
  const std::string trial = "net_7f3a91c2_00002_lr=0.5_2026-11-25_12-48-18";
  for (const std::string name : {"", "/result.json", "/progress.csv", "/events.out.tfevents.1795610898.7f3a91c2_00002"})
    for (const bool spoiled : {false, true}) {
      if (name.empty() && spoiled)
        continue;
      INFO(name, spoiled ? " spoiled" : " removed");
      const temporary_directory disk;
      {
        file_results results(options_of(disk), journal);
        REQUIRE(results.open(22)); // The second trial goes on after it.
        REQUIRE(results.finish());
      }
      boost::filesystem::remove_all(disk.path / (trial + name));
      if (spoiled)
        write_text(disk / (trial + name), std::string(5000, '\0'));
      resume(disk, journal);
      check_same(content_of(disk), expected);
    }
}

TEST_CASE("results on disk: a record that was written needs no file of its trial again") {
  vector_source journal(some_experiment().records);
  const temporary_directory disk;
  resume(disk, journal);
  for (const auto& each : boost::filesystem::directory_iterator(disk.path))
    if (boost::filesystem::is_directory(each.path()))
      boost::filesystem::remove_all(each.path());

  resume(disk, journal);
  CHECK(content_of(disk).size() == 1);

  vector_source other(journal.records);
  other.records.resize(10); // A journal with less than the files: they are of another one.
  resume(disk, other);
  CHECK(content_of(disk).size() > 1);
}

TEST_CASE("results on disk: rebuilt, all is as if nothing had ever gone wrong") {
  vector_source journal(some_experiment().records);
  const auto expected = expected_of(journal);
  const temporary_directory disk;
  resume(disk, journal);
  const std::string trial = "net_7f3a91c2_00001_lr=0.25_2026-11-25_12-48-15/";
  write_text(disk / (trial + "result.json"), "nonsense");
  write_text(disk / (trial + "error.txt"), "nonsense");
  boost::filesystem::remove(disk.path / (trial + "progress.csv"));
  boost::filesystem::create_directories(disk.path / (trial + "checkpoint_000001"));

  REQUIRE(rebuild_results(disk.path.string(), journal, journal.records.size()));

  check_same(content_of(disk), expected);
  CHECK(boost::filesystem::exists(disk.path / (trial + "checkpoint_000001")));
}

TEST_CASE("results on disk: what could not be written is written when it can be") {
  vector_source journal(some_experiment().records);
  const auto expected = expected_of(journal);
  const temporary_directory disk;
  const auto trial = "net_7f3a91c2_00001_lr=0.25_2026-11-25_12-48-15";
  write_text(disk / trial, "in the way");

  file_results results(options_of(disk), journal);
  REQUIRE(results.open(journal.records.size()));
  const auto failed = results.flush();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == disk / trial + "/result.json cannot be removed: Not a directory");
  CHECK(results.has_broken());
  CHECK_FALSE(results.mend());
  boost::filesystem::remove(disk.path / trial);
  CHECK(results.mend());
  CHECK_FALSE(results.has_broken());
  REQUIRE(results.finish());

  check_same(content_of(disk), expected);
}

TEST_CASE("results on disk: a journal that cannot be read is an error") {
  vector_source journal(some_experiment().records);
  const temporary_directory disk;
  file_results results(options_of(disk), journal);
  CHECK(results.open(journal.records.size() + 1).error().message ==
        "the journal was to hold 38 records, but ends after 37");
  journal.fails = true;
  CHECK(file_results(options_of(disk), journal).open(1).error().message == "the journal cannot be read");
}
