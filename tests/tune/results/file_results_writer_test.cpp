#include "tune/results/file_results_writer.hpp"

#include "tests/runtime/package/temporary_directory.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tests/tune/results/vector_source.hpp"

#include <future>

#include <doctest/doctest.h>

using namespace tune;

namespace {

experiment_for_test long_experiment() {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 20; ++trial)
    experiment.run(trial);
  for (iteration_number i = 1; i <= 100; ++i)
    for (std::uint64_t trial = 1; trial <= 20; ++trial)
      experiment.report(trial, i, {{"accuracy", 1}});
  for (std::uint64_t trial = 1; trial <= 20; ++trial)
    experiment.finish(trial);
  experiment.end();
  return experiment;
}

results_writer_options options_of(const temporary_directory& disk) {
  results_writer_options options;
  options.results.directory = disk.path.string();
  return options;
}

/// Of all trials together.
std::size_t lines_in(const temporary_directory& disk) {
  std::size_t lines = 0;
  for (const auto& each : boost::filesystem::recursive_directory_iterator(disk.path))
    if (each.path().filename() == "result.json") {
      const auto text = read_text(each.path().string());
      lines += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
  return lines;
}

/// A journal that is read only when the test allows it.
class held_source : public record_source {
public:
  held_source(std::vector<journal_record> records, std::shared_future<void> go)
    : records_(std::move(records)),
      go_(std::move(go)) {}
  [[nodiscard]] result<void> read(journal_position first, journal_position last, const visitor& visit) override {
    go_.wait();
    return records_.read(first, last, visit);
  }

private:
  vector_source records_;
  std::shared_future<void> go_;
};

} // namespace

TEST_CASE("results writer: all that was added is in the files") {
  const auto records = long_experiment().records;
  const temporary_directory disk;
  file_results_writer writer(options_of(disk), std::make_unique<vector_source>(records));

  for (std::size_t i = 0; i < records.size(); ++i)
    writer.add(i + 1, records[i]);
  REQUIRE(writer.finish());

  CHECK(lines_in(disk) == 2'000);
  CHECK(read_text(disk / "experiment.json").find("\"state\": \"finished\"") != std::string::npos);
}

TEST_CASE("results writer: nobody waits for it; what does not fit its queue is read from the journal") {
  const auto records = long_experiment().records;
  const temporary_directory disk;
  std::promise<void> go;
  auto options = options_of(disk);
  options.max_queued = 10;
  options.in_journal = 5; // It begins with reading, and that hangs.
  file_results_writer writer(options, std::make_unique<held_source>(records, go.get_future().share()));

  for (std::size_t i = 5; i < records.size(); ++i)
    writer.add(i + 1, records[i]);
  CHECK(writer.counts().left_out == records.size() - 5 - 10);
  go.set_value();
  REQUIRE(writer.finish());

  CHECK(lines_in(disk) == 2'000);
}

TEST_CASE("results writer: it goes on where an earlier one was ended") {
  const auto records = long_experiment().records;
  const temporary_directory disk;
  {
    file_results_writer writer(options_of(disk), std::make_unique<vector_source>(records));
    for (std::size_t i = 0; i < 1'000; ++i)
      writer.add(i + 1, records[i]);
  }
  auto options = options_of(disk);
  options.in_journal = records.size();
  file_results_writer writer(options, std::make_unique<vector_source>(records));
  REQUIRE(writer.finish());

  CHECK(lines_in(disk) == 2'000);
}

TEST_CASE("results writer: what cannot be written is told once, and is the error at the end") {
  const auto records = long_experiment().records;
  const temporary_directory disk;
  auto options = options_of(disk);
  options.results.directory += "/gone";
  options.flush_every = std::chrono::milliseconds(1);
  std::atomic<int> told = 0;
  std::promise<void> first;
  options.on_trouble = [&](const error&) {
    if (++told == 1)
      first.set_value();
  };
  file_results_writer writer(options, std::make_unique<vector_source>(records));
  for (std::size_t i = 0; i < records.size(); ++i)
    writer.add(i + 1, records[i]);
  first.get_future().wait();

  const auto end = writer.finish();
  REQUIRE_FALSE(end);
  CHECK(end.error().code == errc::not_found);
  CHECK(told == 1);
}
