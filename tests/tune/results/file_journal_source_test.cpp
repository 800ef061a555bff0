#include "tune/results/file_journal_source.hpp"

#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/results/file_results.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace tune;

namespace {

experiment_for_test write_journal(const temporary_directory& disk) {
  experiment_for_test experiment;
  experiment.run(1);
  for (iteration_number i = 1; i <= 50; ++i)
    experiment.report(1, i, {{"accuracy", 1}});
  experiment.finish(1);
  const auto journal = or_throw(file_journal::open(disk / "journal", [](auto, const auto&) { return result<void>(); }));
  for (const auto& each : experiment.records)
    journal->append(each);
  REQUIRE(journal->sync());
  return experiment;
}

} // namespace

TEST_CASE("journal source: the records that are asked for, in order, while the journal is open, too") {
  const temporary_directory disk;
  const auto experiment = write_journal(disk);
  const auto open = or_throw(file_journal::open(disk / "journal", [](auto, const auto&) { return result<void>(); }));
  file_journal_source source(disk / "journal");

  std::vector<journal_position> positions;
  REQUIRE(source.read(3, 6, [&](journal_position position, const journal_record& record) {
    positions.push_back(position);
    CHECK(record.index() == experiment.records[position - 1].index());
  }));
  CHECK(positions == std::vector<journal_position>{3, 4, 5, 6});
  positions.clear();
  REQUIRE(source.read(1, 1'000, [&](journal_position position, const auto&) { positions.push_back(position); }));
  CHECK(positions.size() == experiment.records.size());
}

TEST_CASE("journal source: files with earlier records only are not read") {
  const temporary_directory disk;
  {
    file_journal_options small;
    small.segment_bytes = 200;
    const auto journal = or_throw(file_journal::open(
      disk / "journal", [](auto, const auto&) { return result<void>(); }, small));
    for (const auto& each : experiment_for_test().records)
      journal->append(each);
    for (std::uint64_t trial = 1; trial <= 9; ++trial) {
      journal->append(record::trial_created{trial_id{trial}, {{"lr", 0.5}}, record::trial_origin::searcher, {}});
      REQUIRE(journal->sync());
    }
  }
  REQUIRE(std::filesystem::exists(disk / "journal/000003.segment"));
  std::ofstream(disk / "journal/000001.segment") << "not a segment";
  file_journal_source source(disk / "journal");

  std::vector<journal_position> positions;
  REQUIRE(source.read(9, 10, [&](journal_position position, const auto&) { positions.push_back(position); }));
  CHECK(positions == std::vector<journal_position>{9, 10});
  CHECK_FALSE(source.read(1, 10, [](auto, const auto&) {}));
}

TEST_CASE("journal source: no journal is an error") {
  const temporary_directory disk;
  file_journal_source source(disk / "journal");
  CHECK_FALSE(source.read(1, 1, [](auto, const auto&) {}));
}

TEST_CASE("journal source: every file of an experiment is rebuilt from the journal on disk") {
  const temporary_directory disk;
  const auto experiment = write_journal(disk);
  file_journal_source source(disk / "journal");

  REQUIRE(rebuild_results(disk.path.string(), source, experiment.records.size()));

  const auto lines = read_text(disk / "net_7f3a91c2_00001_lr=0.5_2026-11-25_12-48-15/result.json");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 50);
}
