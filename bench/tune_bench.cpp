// Whole experiments: what a search costs from its program's start to its last file, and after a node's death; beside
// Optuna where Debian's python3-optuna is installed, and beside what the machine can do at most.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/figures.hpp"
#include "bench/posix_child.hpp"
#include "bench/posix_disk.hpp"
#include "bench/tune_driver.hpp"
#include "runtime/session.hpp"

namespace {

using bench::search_order;
using bench::trial_kind;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Trials a second of Optuna with this storage, or why there is none.
std::string optuna(const std::string& storage, int trials) {
  const bench::scratch_directory place;
  bench::posix_child python({"/usr/bin/python3", OPTUNA_PEER, storage, std::to_string(trials), place.path()});
  try {
    return python.read_line();
  } catch (const std::runtime_error&) {
    return "python3-optuna is not installed";
  }
}

void measure_cold_start(const bench::figures& figures, const std::string& name, trial_kind kind,
                        const std::string& how) {
  if (!figures.wants(name))
    return;
  std::vector<double> cold, search;
  for (int i = 0; i < (figures.is_quick() ? 1 : 5); ++i) {
    const auto found = bench::search_in_child({kind, 100});
    cold.push_back(found.cold_s);
    search.push_back(found.search_s);
  }
  const auto bare = bench::bare_spawns_per_second(figures.is_quick() ? 50 : 300, /*at_once=*/4);
  figures.show({name,
                median(cold),
                "s",
                {},
                0.5,
                fmt::format("{}; the search itself {:.3f} s; 100 bare spawns of this program {:.3f} s", how,
                            median(search), 100 / bare)});
}

void measure_trials(const bench::figures& figures) {
  const std::string name = "search_trials_per_second";
  if (!figures.wants(name))
    return;
  const bool quick = figures.is_quick();
  double best = 0;
  for (int i = 0; i < (quick ? 1 : 3); ++i) {
    const std::uint64_t trials = quick ? 500 : 5'000;
    best = std::max(best, static_cast<double>(trials) /
                            bench::search_in_child({trial_kind::trivial, trials, /*cpus=*/4}).search_s);
  }
  figures.show({name,
                best,
                "1/s",
                3'000,
                {},
                fmt::format("4 declared cpus; Optuna on a journal file: {}; on sqlite: {}; bare write and sync "
                            "{:.0f}/s; "
                            "bare directories with a trial's files {:.0f}/s",
                            optuna("journal", quick ? 50 : 200), optuna("sqlite", quick ? 20 : 50),
                            bench::bare_syncs_per_second(quick ? 100 : 1'000),
                            bench::bare_trial_directories_per_second(quick ? 200 : 2'000))});
}

void measure_trials_inside(const bench::figures& figures) {
  const std::string name = "search_in_process_trials_per_second";
  if (!figures.wants(name))
    return;
  const std::uint64_t trials = figures.is_quick() ? 2'000 : 20'000;
  double synced = 0, written = 0;
  for (int i = 0; i < (figures.is_quick() ? 1 : 3); ++i) {
    const auto found = bench::search_in_child({trial_kind::inside, trials, /*cpus=*/2});
    synced = std::max(synced, static_cast<double>(trials) / found.synced_s);
    written = std::max(written, static_cast<double>(trials) / found.search_s);
  }
  figures.show({name,
                synced,
                "1/s",
                50'000,
                {},
                fmt::format("2 threads, until all is in the journal, synced; until all files are written {:.0f}/s; "
                            "bare directories with a trial's files {:.0f}/s",
                            written, bench::bare_trial_directories_per_second(figures.is_quick() ? 200 : 2'000))});
}

void measure_results(const bench::figures& figures) {
  constexpr int trials = 96;
  const bool quick = figures.is_quick();
  if (const std::string name = "search_results_per_second_96_trials"; figures.wants(name)) {
    double best = 0;
    for (int i = 0; i < (quick ? 1 : 3); ++i) {
      const auto found =
        bench::search_in_child({trial_kind::reporting, trials, trials, quick ? 50 : 1'000, /*pause_us=*/0});
      best = std::max(best, static_cast<double>(found.results) / found.search_s);
    }
    figures.show({name, best, "1/s", 50'000, {}, "from reports to all files written; Ray 568 to 683/s"});
  }
  if (const std::string name = "search_answer_p99_ms"; figures.wants(name)) {
    constexpr int pause_us = 9'600; // 96 trials: 10,000 reports a second, if they are answered in time.
    const auto found = bench::search_in_child({trial_kind::reporting, trials, trials, quick ? 100 : 500, pause_us});
    const auto& answers = found.answers_s;
    figures.show(
      {name,
       1e3 * answers.at(answers.size() * 99 / 100),
       "ms",
       {},
       10,
       fmt::format("10,000 reports/s asked for, {:.0f}/s done over the whole search; median {:.2f} ms",
                   static_cast<double>(found.results) / found.search_s, 1e3 * answers.at(answers.size() / 2))});
  }
}

/// A quick run has trials of 50 ms, so each has a twentieth of the time to lose.
void measure_sleeping(const bench::figures& figures) {
  const std::string name = "search_sleeping_over_ideal_percent";
  if (!figures.wants(name))
    return;
  constexpr int cpus = 16;
  const std::uint64_t trials = figures.is_quick() ? 320 : 1'000;
  const double each_s = figures.is_quick() ? 0.05 : 1;
  const auto ideal = static_cast<double>(trials) / cpus * each_s;
  const auto found =
    bench::search_in_child({trial_kind::sleeping, trials, cpus, 1, static_cast<int>(std::lround(each_s * 1e6))});
  figures.show({name,
                100 * (found.search_s / ideal - 1),
                "%",
                {},
                figures.is_quick() ? std::optional<double>() : 1,
                fmt::format("{:.3f} s for {} trials of {} s on {} declared cpus, {:.3f} s at best; {:.1f} ms lost a "
                            "trial; Ray 14 % at 10,000 trials",
                            found.search_s, trials, each_s, cpus, ideal,
                            (found.search_s - ideal) * 1e3 * cpus / static_cast<double>(trials))});
}

/// The share of the time of all slots, from the first trial's begin to the last one's end, in which a trial slept.
void measure_slots(const bench::figures& figures) {
  const std::string name = "search_slots_busy_percent";
  if (!figures.wants(name))
    return;
  constexpr int slots = 64;
  constexpr int pause_us = 100'000;
  const std::uint64_t trials = slots * (figures.is_quick() ? 10 : 200);
  const auto found = bench::search_in_child({trial_kind::slots, trials, slots, 1, pause_us, "tpe"});
  double busy = 0;
  double first = found.busy_s.front().first;
  double last = found.busy_s.front().second;
  for (const auto& [began, ended] : found.busy_s) {
    busy += ended - began;
    first = std::min(first, began);
    last = std::max(last, ended);
  }
  const double all = slots * (last - first);
  figures.show({name,
                100 * busy / all,
                "%",
                figures.is_quick() ? std::optional<double>() : 97,
                {},
                fmt::format("{} trials of 0.1 s on {} declared cpus, by tpe: {:.0f} a second; {:.2f} ms between two "
                            "trials of a slot, on average",
                            trials, slots, static_cast<double>(trials) / (last - first),
                            1e3 * (all - busy) / static_cast<double>(trials))});
}

void measure_node_death(const bench::figures& figures) {
  const std::string name = "search_next_step_after_node_death_s";
  if (!figures.wants(name))
    return;
  std::vector<double> all;
  for (int i = 0; i < (figures.is_quick() ? 1 : 5); ++i)
    all.push_back(bench::seconds_to_next_step_elsewhere());
  figures.show({name,
                median(all),
                "s",
                {},
                1.5,
                fmt::format("from kill -9 of its node; {:.2f} to {:.2f} s; Ray 15 to 62 s to notice",
                            *std::min_element(all.begin(), all.end()), *std::max_element(all.begin(), all.end()))});
}

} // namespace

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  if (argc == 2 && std::string(argv[1]) == bench::end_at_once)
    return 0;
  try {
    if (argc > 1 && std::string(argv[1]) == bench::search_argument)
      return bench::run_search(argc - 1, argv + 1);
    const bench::figures figures(argc, argv);
    measure_cold_start(figures, "search_100_trials_cold_process_each_s", trial_kind::alone,
                       "from its program's start to its end; Ray 19.8 s");
    measure_cold_start(figures, "search_100_trials_cold_s", trial_kind::trivial,
                       "the same with workers reused; Ray 3.1 s");
    measure_trials(figures);
    measure_trials_inside(figures);
    measure_results(figures);
    measure_sleeping(figures);
    measure_slots(figures);
    measure_node_death(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "tune_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
