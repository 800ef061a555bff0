// What an experiment leaves on disk: results a second with every file written, from records to the end of the writing.
#include "bench/figures.hpp"
#include "tune/results/file_results_writer.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace {

using namespace tune;
using clock_type = std::chrono::steady_clock;

constexpr std::uint64_t trials = 96;

double seconds_since(clock_type::time_point begin) {
  return std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// Gone at the end of its scope.
struct scratch {
  scratch() : path(std::filesystem::temp_directory_path() / fmt::format("caf-tune-results-bench-{}", ::getpid())) {
    std::filesystem::create_directories(path);
  }
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

/// The journal in memory, so that only the writing of results is measured.
class memory_journal : public record_source {
public:
  explicit memory_journal(const std::vector<journal_record>& records) : records_(records) {}
  [[nodiscard]] result<void> read(journal_position first, journal_position last, const visitor& visit) override {
    for (auto i = first; i <= last; ++i)
      visit(i, records_[i - 1]);
    return {};
  }

private:
  const std::vector<journal_record>& records_;
};

/// 96 trials that report in turn: 4 metrics and 8 parameters each.
std::vector<journal_record> make_records(std::int64_t results_of_each) {
  std::vector<journal_record> records;
  record::wall_time now = std::chrono::system_clock::now();
  record::experiment_begun begun;
  begun.id = "7f3a91c2";
  begun.name = "bench";
  begun.description = R"({"name": "bench", "trainable": "net", "metric": "accuracy", "mode": "max"})";
  begun.at = now;
  records.emplace_back(begun);
  for (std::uint64_t trial = 1; trial <= trials; ++trial) {
    config values = {{"lr", 0.01 * static_cast<double>(trial)},
                     {"momentum", 0.9},
                     {"decay", 1e-4},
                     {"batch", 64},
                     {"width", 128},
                     {"layers", 2},
                     {"act", "relu"},
                     {"bias", true}};
    records.emplace_back(record::trial_created{trial_id{trial}, values, record::trial_origin::searcher, now});
    records.emplace_back(record::attempt_started{trial_id{trial}, 1, 0, now});
    record::attempt_placed placed;
    placed.trial = trial_id{trial};
    placed.attempt = 1;
    placed.node = "node-1";
    placed.hostname = "host-1";
    placed.node_ip = "10.0.0.1";
    placed.process_id = 4711;
    records.emplace_back(placed);
  }
  for (std::int64_t i = 1; i <= results_of_each; ++i)
    for (std::uint64_t trial = 1; trial <= trials; ++trial) {
      record::result_reported reported;
      reported.trial = trial_id{trial};
      reported.attempt = 1;
      reported.iteration = i;
      reported.values = {{"accuracy", 0.9 - 1.0 / static_cast<double>(i + 1)},
                         {"loss", 1.0 / static_cast<double>(i)},
                         {"val_loss", 1.1 / static_cast<double>(i)},
                         {"epoch", i}};
      reported.time_this_iteration_s = 0.00192;
      reported.time_total_s = 0.00192 * static_cast<double>(i);
      reported.at = now += std::chrono::microseconds(20);
      records.emplace_back(std::move(reported));
    }
  for (std::uint64_t trial = 1; trial <= trials; ++trial) {
    records.emplace_back(record::attempt_ended{trial_id{trial}, 1, {}, now});
    records.emplace_back(record::trial_changed{trial_id{trial}, trial_state::terminated, "", now});
  }
  return records;
}

struct measured {
  double rate = 0;
  double add_rate = 0; ///< Of the thread that adds them, which must not wait.
  double bytes = 0;
};

measured write_all(const std::vector<journal_record>& records, double results) {
  const scratch disk;
  results_writer_options options;
  options.results.directory = disk.path.string();
  const auto begin = clock_type::now();
  file_results_writer writer(options, std::make_unique<memory_journal>(records));
  for (std::size_t i = 0; i < records.size(); ++i)
    writer.add(i + 1, records[i]);
  measured found;
  found.add_rate = results / seconds_since(begin);
  or_throw(writer.finish());
  found.rate = results / seconds_since(begin);
  for (const auto& each : std::filesystem::recursive_directory_iterator(disk.path))
    if (each.is_regular_file())
      found.bytes += static_cast<double>(each.file_size());
  return found;
}

/// The limit: the same bytes, appended to as many files by nothing but write().
double bare_bytes_per_second(double bytes) {
  const scratch disk;
  const std::string block(64 * 1024, 'x');
  const auto begin = clock_type::now();
  std::vector<std::ofstream> files;
  for (std::uint64_t i = 0; i < 3 * trials; ++i)
    files.emplace_back(disk.path / std::to_string(i), std::ios::binary);
  double written = 0;
  for (std::size_t i = 0; written < bytes; ++i, written += static_cast<double>(block.size()))
    files[i % files.size()].write(block.data(), static_cast<std::streamsize>(block.size()));
  files.clear();
  return written / seconds_since(begin);
}

/// As many small trials as results: what creating their files costs.
double trials_per_second(int count) {
  std::vector<journal_record> records = make_records(0);
  records.resize(1);
  const record::wall_time now = std::chrono::system_clock::now();
  for (int i = 1; i <= count; ++i) {
    const trial_id trial{static_cast<std::uint64_t>(i)};
    records.emplace_back(record::trial_created{trial, {{"lr", 0.1 * i}}, record::trial_origin::searcher, now});
    records.emplace_back(record::attempt_started{trial, 1, 0, now});
    record::result_reported reported;
    reported.trial = trial;
    reported.attempt = 1;
    reported.iteration = 1;
    reported.values = {{"accuracy", 1.0}};
    reported.at = now;
    records.emplace_back(reported);
    records.emplace_back(record::attempt_ended{trial, 1, {}, now});
    records.emplace_back(record::trial_changed{trial, trial_state::terminated, "", now});
  }
  return write_all(records, count).rate;
}

} // namespace

int main(int argc, char** argv) {
  const bench::figures figures(argc, argv);
  const std::int64_t results_of_each = figures.is_quick() ? 100 : 3'000;
  const int rounds = figures.is_quick() ? 1 : 3;
  const std::string written = "results_written_per_second";
  const std::string added = "results_added_per_second";
  if (figures.wants(written) || figures.wants(added)) {
    const auto records = make_records(results_of_each);
    const auto results = static_cast<double>(results_of_each) * static_cast<double>(trials);
    measured best;
    for (int i = 0; i < rounds; ++i) {
      const auto found = write_all(records, results);
      best.rate = std::max(best.rate, found.rate);
      best.add_rate = std::max(best.add_rate, found.add_rate);
      best.bytes = found.bytes;
    }
    const auto bare = bare_bytes_per_second(best.bytes);
    if (figures.wants(written))
      figures.show(
        {written,
         best.rate,
         "1/s",
         /*at_least=*/50'000,
         {},
         fmt::format("Ray 568 to 683/s; bare write() of these bytes {:.0f}/s", bare * results / best.bytes)});
    if (figures.wants(added))
      figures.show({added, best.add_rate, "1/s", {}, {}, "by the thread that must not wait"});
  }
  if (const std::string name = "trials_written_per_second"; figures.wants(name)) {
    double best = 0;
    for (int i = 0; i < rounds; ++i)
      best = std::max(best, trials_per_second(figures.is_quick() ? 500 : 5'000));
    figures.show({name, best, "1/s", {}, {}, "one result each: a directory and four files"});
  }
  return 0;
}
