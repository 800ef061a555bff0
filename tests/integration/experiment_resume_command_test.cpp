#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <limits>
#include <set>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

// caf-tune's commands on the directory of a real search, which was killed, gone on with and extended.

namespace {

using nlohmann::json;

program_end command(const temporary_directory& folder, const words& what) {
  return run_program(folder, words{CAF_TUNE} + what);
}

json json_of(const program_end& end) {
  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(end.err == "");
  return json::parse(end.out);
}

/// Each trial has its 50 results once, and the best is the lowest of the last ones.
void check_listings(const temporary_directory& folder, const std::string& directory, std::size_t trials) {
  const auto all = json_of(command(folder, {"trials", directory, "--json"}));
  REQUIRE(all.size() == trials);
  std::set<std::string> names;
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& each : all) {
    names.insert(each.at("trial").get<std::string>());
    CHECK(each.at("state") == "terminated");
    CHECK(each.at("iterations") == 50);
    CHECK(each.at("error").is_null());
    if (const auto& height = each.at("metrics").at("height"); height.is_number())
      lowest = std::min(lowest, height.get<double>());
  }
  CHECK(names.size() == trials);

  const auto best = json_of(command(folder, {"best", directory, "--json"}));
  CHECK(best.at("metrics").at("height").get<double>() == lowest);
  CHECK(names.count(best.at("trial").get<std::string>()) == 1);
  CHECK(std::filesystem::exists(best.at("path").get<std::string>() + "/result.json"));
  const auto results = json_of(command(folder, {"results", directory, "--json"}));
  CHECK(results.size() == 50 * trials);
  const auto csv = command(folder, {"results", directory, "--csv"});
  CHECK(csv.code == 0);
  CHECK(static_cast<std::size_t>(std::count(csv.out.begin(), csv.out.end(), '\n')) == 50 * trials + 1);
}

} // namespace

TEST_CASE("resume command: it goes on with a search whose driver was killed, extends it, and finds it where it lies") {
  const temporary_directory folder;
  const auto directory = folder / "storage/resume";
  std::filesystem::create_directories(directory + "/journal");
  {
    program_under_test driver(folder,
                              {RESUME, "--storage", folder / "storage", "--samples", "3", "--cpus", "2", "--quiet"});
    driver.wait_for_size(directory + "/journal/000001.segment", 4'000);
    driver.signal(SIGKILL);
    driver.wait();
  }
  const auto begun = json_of(command(folder, {"trials", directory, "--json"}));
  CHECK(begun.size() >= 2);
  CHECK(json_of(command(folder, {"results", directory, "--json"})).size() > 0);
  CHECK(command(folder, {"best", directory}).code == 0);

  const auto finished = command(folder, {"resume", directory});
  REQUIRE_MESSAGE(finished.code == 0, finished.err);
  check_listings(folder, directory, 3);

  const auto extended = command(folder, {"resume", directory, "--samples", "5"});
  REQUIRE_MESSAGE(extended.code == 0, extended.err);
  check_listings(folder, directory, 5);

  std::filesystem::rename(directory, folder / "storage/moved");
  const auto moved = command(folder, {"resume", folder / "storage/moved", "--samples", "6"});
  REQUIRE_MESSAGE(moved.code == 0, moved.err);
  check_listings(folder, folder / "storage/moved", 6);
  CHECK_FALSE(std::filesystem::exists(directory));
}
