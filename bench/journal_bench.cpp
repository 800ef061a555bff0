// What an experiment's journal costs: a result appended and synced, and a million finished trials read again.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "bench/figures.hpp"
#include "bench/posix_disk.hpp"
#include "tune/journal/file_journal.hpp"

using namespace tune;

namespace {

using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point began) {
  return std::chrono::duration<double>(steady::now() - began).count();
}

const journal_visitor nothing = [](journal_position, const journal_record&) { return result<void>(); };

record::result_reported result_of(std::uint64_t trial, iteration_number iteration) {
  record::result_reported reported;
  reported.trial = trial_id(trial);
  reported.attempt = 1;
  reported.iteration = iteration;
  reported.values = {{"accuracy", 0.5 + 1e-7 * static_cast<double>(trial)}, {"loss", 0.25}};
  reported.time_this_iteration_s = 0.01;
  reported.time_total_s = 0.01;
  reported.at = record::wall_time(std::chrono::seconds(1'795'610'894));
  return reported;
}

/// All records of a trial that reports once.
void append_trial(journal& log, std::uint64_t number) {
  const trial_id trial(number);
  const record::wall_time at(std::chrono::seconds(1'795'610'894));
  log.append(record::trial_created{trial,
                                   {{"lr", 1e-3 * static_cast<double>(number % 997)},
                                    {"momentum", 0.9},
                                    {"layers", static_cast<int>(number % 4)},
                                    {"activation", "relu"}},
                                   record::trial_origin::searcher,
                                   at});
  log.append(record::attempt_started{trial, 1, 0, at});
  log.append(record::attempt_placed{trial, 1, "node-1", "host-1", "10.0.0.1", 4711, "/storage/digits/trial", true});
  log.append(result_of(number, 1));
  log.append(record::attempt_ended{trial, 1, {end_cause::finished, ""}, at});
  log.append(record::trial_changed{trial, trial_state::terminated, "the trainable is done", at});
}

/// So many results, each batch synced before the next one is appended: as so many trials do that report and wait.
double results_per_second(std::uint64_t results, std::uint64_t batch) {
  const bench::scratch_directory place;
  const auto log = or_throw(file_journal::open(place.path(), nothing));
  const auto began = steady::now();
  for (std::uint64_t i = 1; i <= results; ++i) {
    log->append(result_of(1 + i % batch, static_cast<iteration_number>(i)));
    if (i % batch == 0)
      or_throw(log->sync());
  }
  or_throw(log->sync());
  return static_cast<double>(results) / seconds_since(began);
}

double append_ns(journal& log, std::uint64_t results) {
  const auto began = steady::now();
  for (std::uint64_t i = 1; i <= results; ++i)
    log.append(result_of(1, static_cast<iteration_number>(i)));
  const auto took = seconds_since(began) * 1e9 / static_cast<double>(results);
  or_throw(log.sync());
  return took;
}

std::uint64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      std::uint64_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

void measure_reading(const bench::figures& figures) {
  const std::uint64_t trials = figures.is_quick() ? 50'000 : 1'000'000;
  const bench::scratch_directory place;
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing));
    for (std::uint64_t i = 1; i <= trials; ++i) {
      append_trial(*log, i);
      if (i % 100 == 0)
        or_throw(log->sync());
    }
  }
  const auto before_kib = peak_kib();
  std::uint64_t results = 0;
  const auto began = steady::now();
  const auto found = or_throw(read_journal(place.path(), [&](journal_position, const journal_record& record) {
    results += std::holds_alternative<record::result_reported>(record) ? 1u : 0u;
    return result<void>();
  }));
  const auto took = seconds_since(began);
  if (results != trials)
    std::abort();
  const auto scale = 1e6 / static_cast<double>(trials);
  figures.show({"journal_read_1m_trials_s",
                took * scale,
                "s",
                {},
                10,
                fmt::format("{} records in {} segments", found.last, found.segments)});
  figures.show({"journal_read_memory_mb", static_cast<double>(peak_kib() - before_kib) / 1024, "MB", {}, 20, ""});
}

} // namespace

int main(int argc, char** argv) {
  const bench::figures figures(argc, argv);
  const std::uint64_t many = figures.is_quick() ? 2'000 : 100'000;
  if (const std::string name = "journal_results_per_second_100_waiting"; figures.wants(name)) {
    const auto bare = bench::bare_syncs_per_second(figures.is_quick() ? 100 : 2'000);
    figures.show(
      {name, results_per_second(many, 100), "1/s", 50'000, {}, fmt::format("one sync each: {:.0f}/s", bare)});
  }
  if (const std::string name = "journal_results_per_second_1_waiting"; figures.wants(name)) {
    const auto bare = bench::bare_syncs_per_second(figures.is_quick() ? 100 : 2'000);
    figures.show(
      {name, results_per_second(many / 20, 1), "1/s", {}, {}, fmt::format("write and sync: {:.0f}/s", bare)});
  }
  if (const std::string name = "journal_append_ns"; figures.wants(name)) {
    const bench::scratch_directory place;
    const auto log = or_throw(file_journal::open(place.path(), nothing));
    const auto first = append_ns(*log, many / 10);
    for (int i = 0; i < 8; ++i)
      append_ns(*log, many);
    const auto last = append_ns(*log, many / 10);
    figures.show({name, last, "ns", {}, {}, fmt::format("{:.0f} at the beginning: flat", first)});
  }
  if (figures.wants("journal_read_1m_trials_s") || figures.wants("journal_read_memory_mb"))
    measure_reading(figures);
}
