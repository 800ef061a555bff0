#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

// The examples of the tune layer, as a user runs them.

namespace {

words in_storage(const char* program, const temporary_directory& folder, const words& more = {}) {
  return words{program, "--storage", folder / "storage", "--cpus", "2"} + more;
}

nlohmann::json json_of(const temporary_directory& folder, const words& command) {
  const auto end = run_program(folder, command);
  REQUIRE_MESSAGE(end.code == 0, end.err);
  return nlohmann::json::parse(end.out);
}

} // namespace

TEST_CASE("examples: grid prints its best configuration, says the same again, and can be extended") {
  const temporary_directory folder;

  const auto first = run_program(folder, in_storage(GRID, folder, {"--quiet"}));
  CHECK(first.code == 0);
  CHECK(first.out == "{\"a\":0.2,\"b\":2}\n");
  CHECK(first.err.empty());

  CHECK(run_program(folder, in_storage(GRID, folder, {"--quiet"})).out == first.out);
  CHECK(json_of(folder, in_storage(GRID, folder, {"--json"}))["trials"]["terminated"] == 16);
  const auto more = json_of(folder, in_storage(GRID, folder, {"--json", "--samples", "8"}));
  CHECK(more["trials"]["terminated"] == 32);
  CHECK(more["best"]["metrics"]["accuracy"] == doctest::Approx(2.2));
}

TEST_CASE("examples: digits finds a network that names more than 97 of 100 digits") {
  const temporary_directory folder;

  const auto end = run_program(folder, in_storage(DIGITS, folder, {"--quiet"}));

  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(end.out.find("TRIAL") == 0);
  const auto best = json_of(folder, words{CAF_TUNE, "best", folder / "storage/digits", "--json"});
  CHECK(best["metrics"]["accuracy"].get<double>() > 0.97);
  CHECK(best["config"].size() >= 7);
  const std::filesystem::path path(best["path"].get<std::string>());
  for (const char* file : {"params.json", "result.json", "progress.csv"})
    CHECK_MESSAGE(std::filesystem::exists(path / file), file);
  const auto trials = json_of(folder, words{CAF_TUNE, "trials", folder / "storage/digits", "--json"});
  CHECK(trials.size() == 40);
  // Not always the best one: of many good ones some are stopped that are as good after 9.
  CHECK(std::any_of(trials.begin(), trials.end(), [](const auto& t) { return t["iterations"] == 27; }));
}

TEST_CASE("examples: breast_cancer chooses between two kinds of model") {
  const temporary_directory folder;

  const auto end = json_of(folder, in_storage(BREAST_CANCER, folder, {"--json"}));

  CHECK(end["best"]["metrics"]["accuracy"].get<double>() > 0.95);
  CHECK(end["best"]["iterations"] == 5);
  const auto& config = end["best"]["config"];
  CHECK(config.contains(config["model"].get<std::string>()));
  CHECK(config.size() == 2); // The kind, and the parameters of that kind alone.
}

TEST_CASE("examples: population trains eight networks, of which the worst go on from the best") {
  const temporary_directory folder;

  const auto end = json_of(folder, in_storage(POPULATION, folder, {"--json"}));

  CHECK(end["trials"] == nlohmann::json{{"terminated", 8}});
  CHECK(end["results"] == 8 * 30);
  CHECK(end["best"]["metrics"]["accuracy"].get<double>() > 0.95);
  const auto trials = json_of(folder, words{CAF_TUNE, "trials", folder / "storage/population", "--json"});
  CHECK(std::any_of(trials.begin(), trials.end(), [](const auto& t) { return t.contains("exploits"); }));
}
