#include "bench/experiment_driver.hpp"

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/posix_child.hpp"
#include "runtime/session.hpp"
#include "tune/driver/experiment_run.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/tune.hpp"

namespace bench {
namespace {

using steady = std::chrono::steady_clock;

double seconds_between(steady::time_point from, steady::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

const tune::trainable reporting("reporting", [](tune::trial& trial) {
  const auto lr = trial.get<double>("lr");
  for (int i = trial.get<int>("reports"); i > 0; --i)
    trial.report({{"accuracy", 1 - lr}, {"loss", lr}});
});

tune::experiment experiment_of(const long_search& search) {
  tune::experiment what("bench", reporting);
  what.space = {{"lr", tune::log_uniform(1e-5, 1e-1)},
                {"momentum", tune::uniform(0, 1)},
                {"layers", tune::integer(1, 4)},
                {"activation", tune::choice({"relu", "tanh"})},
                {"reports", search.reports}};
  what.metric = tune::maximize("accuracy");
  what.searcher = tune::random_search(); // It is not a searcher that is measured.
  what.samples = search.trials;
  what.storage = search.storage;
  what.in_process_threads = 2;
  return what;
}

/// When each result was on disk.
class result_times {
public:
  void add() { all_.push_back({steady::now(), std::clock()}); }
  /// Processor time and time by the clock of a result, in the second half of them: microseconds.
  std::pair<double, double> of_second_half() const {
    if (all_.size() < 4)
      return {0, 0};
    const auto& begin = all_.at(all_.size() / 2);
    const auto& end = all_.back();
    const auto count = static_cast<double>(all_.size() - 1 - all_.size() / 2);
    return {static_cast<double>(end.cpu - begin.cpu) * 1e6 / CLOCKS_PER_SEC / count,
            seconds_between(begin.at, end.at) * 1e6 / count};
  }

private:
  struct one {
    steady::time_point at;
    std::clock_t cpu;
  };
  std::vector<one> all_;
};

double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}

void append_finished(tune::file_journal& log, tune::trial_id trial, const tune::config& values, double accuracy) {
  namespace record = tune::record;
  const record::wall_time at(std::chrono::seconds(1'795'610'894));
  log.append(record::trial_created{trial, values, record::trial_origin::searcher, at});
  log.append(record::attempt_started{trial, 1, 0, at});
  log.append(record::attempt_placed{trial, 1, "this process", "host-1", "10.0.0.1", 4711, "", true});
  record::result_reported reported;
  reported.trial = trial;
  reported.attempt = 1;
  reported.iteration = 1;
  reported.values = {{"accuracy", accuracy}, {"loss", 1 - accuracy}};
  reported.time_this_iteration_s = reported.time_total_s = 1e-5;
  reported.at = at;
  log.append(reported);
  log.append(record::attempt_ended{trial, 1, {tune::end_cause::finished, ""}, at});
  log.append(record::trial_changed{trial, tune::trial_state::terminated, "finished", at});
}

} // namespace

void write_finished_trials(const long_search& search) {
  const auto what = experiment_of(search);
  const std::filesystem::path directory = std::filesystem::path(search.storage) / what.name;
  std::filesystem::create_directories(directory);
  const auto log = or_throw(tune::file_journal::open(
    directory / "journal", [](tune::journal_position, const tune::journal_record&) { return tune::result<void>(); }));
  tune::record::experiment_begun begun;
  begun.id = "7f3a91c2";
  begun.name = what.name;
  begun.description = tune::to_json(what);
  begun.samples = what.samples;
  begun.at = tune::record::wall_time(std::chrono::seconds(1'795'610'893));
  log->append(begun);
  const auto searcher = what.searcher.make({what.space, what.seed, what.samples, 0});
  for (std::uint64_t i = 1; i <= search.finished; ++i) {
    const tune::trial_id trial(i);
    const auto asked = searcher->ask({trial});
    append_finished(*log, trial, asked.proposals.at(0).values, 1 - asked.proposals.at(0).values.get<double>("lr"));
    if (i % 1'000 == 0)
      or_throw(log->sync());
  }
  or_throw(log->sync());
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::ofstream(directory / ".results") << 1 + 6 * search.finished << ' ' << boot << '\n';
}

long_search_outcome run_in_child(const long_search& search) {
  posix_child driver({posix_child::own_program(), long_search_argument, "--quiet", "--storage", search.storage,
                      "--cpus", "2", "--samples", std::to_string(search.trials), std::to_string(search.reports)});
  std::istringstream said(driver.read_line());
  driver.wait();
  long_search_outcome outcome;
  if (!(said >> outcome.ready_s >> outcome.journal_s >> outcome.files_s >> outcome.peak_mb >> outcome.cpu_us >>
        outcome.wall_us >> outcome.results))
    throw std::runtime_error("the driver said \"" + said.str() + '"');
  const auto expected =
    search.finished + (search.trials - search.finished) * static_cast<std::uint64_t>(search.reports);
  if (outcome.results != expected)
    throw std::runtime_error(fmt::format("{} results were counted, of {}", outcome.results, expected));
  return outcome;
}

int run_long_search(int argc, char** argv) {
  runtime::session session(argc, argv, runtime::unknown_flags::keep);
  const auto& words = session.arguments(); // --quiet --storage DIR --samples N REPORTS
  if (words.size() != 6)
    throw std::runtime_error("long-search needs: --quiet --storage DIR --samples N REPORTS");
  long_search search;
  search.storage = words[2];
  search.trials = std::stoull(words[4]);
  search.reports = std::stoi(words[5]);
  const auto what = experiment_of(search);
  auto& cluster = session.cluster();
  steady::time_point journal_ended;
  result_times times;
  tune::run_options options;
  options.storage = what.storage;
  options.on_record = [&](const tune::journal_record& record, const tune::experiment_view&) {
    if (std::holds_alternative<tune::record::result_reported>(record))
      times.add();
    if (std::holds_alternative<tune::record::experiment_ended>(record))
      journal_ended = steady::now();
  };
  options.on_trouble = [](const std::string& what_is_wrong) { fmt::print(stderr, "{}\n", what_is_wrong); };
  const auto began = steady::now();
  const auto run = or_throw(tune::experiment_run::start(cluster, what, std::move(options)));
  const auto ready = steady::now();
  or_throw(run->wait());
  const auto files_written = steady::now();
  const auto results = run->with_view([](const tune::experiment_view& view) { return view.results(); });
  const auto [cpu_us, wall_us] = times.of_second_half();
  fmt::print("{} {} {} {} {} {} {}\n", seconds_between(began, ready), seconds_between(ready, journal_ended),
             seconds_between(journal_ended, files_written), peak_mb(), cpu_us, wall_us, results);
  return 0;
}

} // namespace bench
