#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <filesystem>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

// A program whose search is ended by signals.

namespace {

using nlohmann::json;

program_under_test start(const temporary_directory& folder, const words& more = {}) {
  return {folder,
          words{PROGRAM_THAT_COUNTS, "--storage", folder / "storage", "--cpus", "2"} + more,
          {{"DIARY", folder / "diary"}}};
}

json ask(const temporary_directory& folder, const char* what) {
  const auto end = run_program(folder, {CAF_TUNE, what, folder / "storage/counts", "--json"});
  REQUIRE_MESSAGE(end.code == 0, end.err);
  return json::parse(end.out);
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// The same program brings it to its end: what was acknowledged before is there as it was, and each number once.
void check_goes_on(const temporary_directory& folder, const json& before) {
  const auto end = start(folder, {"--quiet", "--resume"}).wait();
  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto after = ask(folder, "results");
  REQUIRE(after.size() == 400);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(after[i] == before[i]);
  std::map<std::string, int> last;
  for (const auto& each : after)
    CHECK(each.at("training_iteration") == ++last[each.at("trial_id").get<std::string>()]);
  CHECK(last.size() == 4);
}

} // namespace

TEST_CASE("experiment: SIGTERM ends it in good order, with exit code 143") {
  const temporary_directory folder;
  std::filesystem::create_directories(folder / "storage/counts/journal");
  auto driver = start(folder);
  driver.wait_for_size(folder / "storage/counts/journal/000001.segment", 3'000);
  driver.signal(SIGTERM);
  const auto end = driver.wait();

  CHECK(end.code == 128 + SIGTERM);
  CHECK(count_of("SIGTERM: ending in good order, at most 10 s; once more ends at once\n", end.err) == 1);
  CHECK_MESSAGE(end.err.find("counts: interrupted by SIGTERM; the same command goes on with it\n") != std::string::npos,
                end.err);
  for (const auto& trial : ask(folder, "trials"))
    CHECK((trial.at("state") == "pending" || trial.at("state") == "terminated"));
  check_goes_on(folder, ask(folder, "results"));
}

TEST_CASE("experiment: a second SIGINT ends it at once, with exit code 130, and loses nothing that was acknowledged") {
  const temporary_directory folder;
  const auto gate = folder / "diary.gate";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto driver = start(folder);
  const int opened = ::open(gate.c_str(), O_WRONLY | O_CLOEXEC); // When a trial stands there.
  REQUIRE(opened >= 0);
  driver.signal(SIGINT);
  driver.wait_for_error("once more ends at once");
  driver.signal(SIGINT);
  const auto end = driver.wait();
  ::close(opened);
  std::filesystem::remove(gate);

  CHECK(end.code == 128 + SIGINT);
  CHECK(count_of("once more ends at once", end.err) == 1);
  CHECK(count_of("SIGINT: ending at once\n", end.err) == 1);
  bool was_killed = false;
  for (const auto& trial : ask(folder, "trials"))
    for (const auto& attempt : trial.at("attempts")) {
      CHECK_MESSAGE(attempt.at("cause") != "deadline", attempt.dump());
      was_killed = was_killed || attempt.at("why") == "interrupted by SIGINT";
    }
  CHECK(was_killed); // Not because its 10 s were over.
  check_goes_on(folder, ask(folder, "results"));
}
