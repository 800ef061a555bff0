// What TensorBoard is to read, read by a program in another language that knows nothing of ours.
#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tests/tune/results/vector_source.hpp"
#include "tune/results/file_results.hpp"

#include <array>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace tune;

namespace {

std::vector<nlohmann::json> read_events(const std::string& path) {
  const auto command = "python3 '" READ_EVENT_FILE "' '" + path + "' 2>&1";
  auto* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), size);
  INFO(output);
  REQUIRE(::pclose(pipe) == 0);
  std::vector<nlohmann::json> events;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    events.push_back(nlohmann::json::parse(line));
  return events;
}

} // namespace

TEST_CASE("event file: read from the format's definition, it holds every scalar of every result") {
  experiment_for_test experiment;
  experiment.run(1);
  for (iteration_number i = 1; i <= 300; ++i)
    experiment.report(1, i,
                      {{"accuracy", 0.5 * static_cast<double>(i)}, {"größe/läufe", i}, {"ok", true}, {"note", "x"}});
  experiment.report(1, 301, {{"accuracy", NAN}});
  vector_source journal(experiment.records);
  const temporary_directory disk;
  file_results results({disk.path.string(), {}}, journal);
  REQUIRE(results.open(journal.records.size()));
  REQUIRE(results.finish());

  const auto events = read_events(disk / "net_7f3a91c2_00001_lr=0.5_2026-11-25_12-48-15/"
                                         "events.out.tfevents.1795610895.7f3a91c2_00001");

  REQUIRE(events.size() == 302);
  CHECK(events[0]["file_version"] == "brain.Event:2");
  CHECK(events[0]["wall_time"] == 1'795'610'895.0);
  for (std::size_t i = 1; i <= 300; ++i) {
    const auto& event = events[i];
    REQUIRE(event["step"] == i);
    REQUIRE(event["wall_time"] == 1'795'610'897.0 + static_cast<double>(i));
    REQUIRE(event["scalars"] == nlohmann::json{{"accuracy", 0.5 * static_cast<double>(i)},
                                               {"größe/läufe", static_cast<double>(i)},
                                               {"ok", 1.0},
                                               {"time_this_iter_s", 0.5},
                                               {"time_total_s", 0.5 * static_cast<double>(i)}});
  }
  CHECK(events[301]["scalars"].size() == 3);
}
