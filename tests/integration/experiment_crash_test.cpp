#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"

// A search whose driver is killed again and again: nothing is lost, nothing is there twice.

namespace {

namespace fs = std::filesystem;

words resume_in(const temporary_directory& folder, const words& more = {}) {
  return words{RESUME, "--storage", folder / "storage", "--samples", "4", "--cpus", "2", "--quiet"} + more;
}

/// The iterations of each trial's result.json, in the order of the lines.
std::map<std::string, std::vector<int>> iterations_of_trials(const temporary_directory& folder) {
  std::map<std::string, std::vector<int>> all;
  for (const auto& each : fs::directory_iterator(folder / "storage/resume")) {
    std::ifstream lines(each.path() / "result.json");
    const std::regex number("\"training_iteration\": ?([0-9]+)");
    std::smatch found;
    for (std::string line; std::getline(lines, line);)
      if (std::regex_search(line, found, number))
        all[each.path().filename().string()].push_back(std::stoi(found[1]));
  }
  return all;
}

std::string journal_file(const temporary_directory& folder) {
  return folder / "storage/resume/journal/000001.segment";
}

} // namespace

TEST_CASE("experiment: its driver is killed again and again, and the same command brings it to its end") {
  const temporary_directory folder;
  fs::create_directories(folder / "storage/resume/journal");
  runtime::random_stream random(7);
  for (int round = 0; round < 6; ++round) {
    const auto before = round == 0 ? 0 : fs::file_size(journal_file(folder));
    program_under_test driver(folder, resume_in(folder));
    driver.wait_for_size(journal_file(folder), before + 1'000 + random.below(4'000));
    driver.signal(SIGKILL);
    CHECK(driver.wait().code == 128 + SIGKILL);
  }

  const auto end = run_program(folder, resume_in(folder, {"--json"}));

  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(end.out.find("\"terminated\": 4") != std::string::npos);
  CHECK(end.out.find("\"results\": 200") != std::string::npos);
  const auto trials = iterations_of_trials(folder);
  CHECK(trials.size() == 4);
  for (const auto& [name, iterations] : trials) {
    CAPTURE(name);
    REQUIRE(iterations.size() == 50);
    for (int i = 0; i < 50; ++i)
      CHECK(iterations[static_cast<std::size_t>(i)] == i + 1);
  }
}

TEST_CASE("experiment: SIGINT ends it in good order, and the same command goes on") {
  const temporary_directory folder;
  fs::create_directories(folder / "storage/resume/journal");
  program_under_test driver(folder, resume_in(folder));
  driver.wait_for_size(journal_file(folder), 3'000);
  driver.signal(SIGINT);
  const auto interrupted = driver.wait();
  CHECK(interrupted.code == 128 + SIGINT);
  CHECK(interrupted.err.find("interrupted by SIGINT; the same command goes on with it") != std::string::npos);

  const auto end = run_program(folder, resume_in(folder, {"--json"}));
  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(end.out.find("\"results\": 200") != std::string::npos);
}
