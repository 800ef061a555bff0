#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "runtime/base/random_stream.hpp"

// Population based training with real processes: what goes on from another trial's checkpoint has that one's state.

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int trials = 6;
constexpr int iterations = 24;

words population_in(const temporary_directory& folder, const words& more = {}) {
  return words{PROGRAM_WITH_POPULATION, "--storage", folder / "storage", "--cpus", "2", "--quiet"} + more;
}

/// The results of each trial, by its name, in the order of the lines; the last is checked to be whole.
std::map<std::string, std::vector<json>> results_in(const temporary_directory& folder) {
  std::map<std::string, std::vector<json>> all;
  for (const auto& each : fs::directory_iterator(folder / "storage/population")) {
    std::ifstream lines(each.path() / "result.json");
    for (std::string line; std::getline(lines, line);) {
      auto result = json::parse(line);
      all[result.at("trial_id")].push_back(std::move(result));
    }
  }
  return all;
}

std::string rate_in(const json& config) {
  return config.at("rate").dump() + ' ';
}

/// Each result's state is that of the one before it, its own or its donor's, and one iteration with its values.
std::size_t check_traces(const temporary_directory& folder) {
  const auto results = results_in(folder);
  CHECK(results.size() == trials);
  const auto listed = run_program(folder, {CAF_TUNE, "trials", folder / "storage/population", "--json"});
  REQUIRE_MESSAGE(listed.code == 0, listed.err);
  std::size_t exploits = 0;
  for (const auto& trial : json::parse(listed.out)) {
    const std::string name = trial.at("trial");
    CAPTURE(name);
    CHECK(trial.at("state") == "terminated");
    const auto& own = results.at(name);
    REQUIRE(own.size() == iterations);
    std::map<int, json> changes; // By the iteration after which they were.
    for (const auto& each : trial.value("exploits", json::array()))
      changes[each.at("iteration").get<int>()] = each;
    exploits += changes.size();
    for (int i = 0; i < iterations; ++i) {
      CAPTURE(i);
      const auto& result = own[static_cast<std::size_t>(i)];
      CHECK(result.at("training_iteration") == i + 1);
      std::string before = i == 0 ? "" : own[static_cast<std::size_t>(i - 1)].at("trace");
      if (const auto change = changes.find(i); change != changes.end()) {
        const auto& from = change->second;
        CHECK(from.at("donor") != name);
        CHECK(from.at("new_config") == result.at("config"));
        CHECK(from.at("old_config") == own[static_cast<std::size_t>(i - 1)].at("config"));
        before = results.at(from.at("donor")).at(from.at("donor_iteration").get<std::size_t>() - 1).at("trace");
      }
      CHECK(result.at("trace") == before + rate_in(result.at("config")));
    }
    CHECK(trial.at("config") == own.back().at("config"));
    const auto policy = fs::path(trial.at("path").get<std::string>()) / "pbt_policy.json";
    CHECK(fs::exists(policy) == !changes.empty());
  }
  return exploits;
}

} // namespace

TEST_CASE("population: the worst go on from the best's state; more trials than places take turns") {
  for (const char* type : {"asynchronous", "synchronous"}) {
    CAPTURE(type);
    const temporary_directory folder;
    const auto end = run_program(folder, population_in(folder, {"--json"}), {{"TYPE", type}});
    REQUIRE_MESSAGE(end.code == 0, end.err);
    CHECK(json::parse(end.out).at("trials") == json{{"terminated", trials}});
    CHECK(json::parse(end.out).at("results") == trials * iterations);
    CHECK(check_traces(folder) >= 3);
  }
}

TEST_CASE("population: who replays the policy of a trial comes to the very same state") {
  const temporary_directory folder;
  const auto end = run_program(folder, population_in(folder));
  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto results = results_in(folder);
  std::size_t replayed = 0;
  for (const auto& each : fs::directory_iterator(folder / "storage/population")) {
    const auto policy = each.path() / "pbt_policy.json";
    if (!fs::exists(policy) || ++replayed > 2)
      continue;
    std::string name;
    for (const auto& [trial, own] : results)
      if (each.path().filename().string().find(trial) != std::string::npos)
        name = trial;
    const std::string trace = results.at(name).back().at("trace");
    const auto seen = std::count(trace.begin(), trace.end(), ' ');
    const temporary_directory again;
    const auto replay = run_program(again, population_in(again, {"--json"}),
                                    {{"POLICY", policy.string()}, {"ITERATIONS", std::to_string(seen)}});
    REQUIRE_MESSAGE(replay.code == 0, replay.err);
    CHECK(json::parse(replay.out).at("best").at("metrics").at("trace") == trace);
  }
  CHECK(replayed >= 1);
}

TEST_CASE("population: checkpoints of nodes that do not see the storage are lent all the same") {
  const temporary_directory folder;
  const auto end = run_program(folder, population_in(folder), {{"LOCAL_FIRST", "1"}});
  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(check_traces(folder) >= 3);
}

TEST_CASE("population: its driver is killed again and again, and the same command brings it to its end") {
  const temporary_directory folder;
  const auto journal = folder / "storage/population/journal/000001.segment";
  fs::create_directories(folder / "storage/population/journal");
  runtime::random_stream random(5);
  for (int round = 0; round < 5; ++round) {
    const auto before = round == 0 ? 0 : fs::file_size(journal);
    program_under_test driver(folder, population_in(folder));
    driver.wait_for_size(journal, before + 2'000 + random.below(6'000));
    driver.signal(SIGKILL);
    CHECK(driver.wait().code == 128 + SIGKILL);
  }
  const auto end = run_program(folder, population_in(folder, {"--json"}));
  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(json::parse(end.out).at("results") == trials * iterations);
  CHECK(end.err.find("come out otherwise") == std::string::npos);
  CHECK(check_traces(folder) >= 3);
}
