// Whole experiments: what a search costs from its program's start to its last file, and after a node's death; beside
// Optuna where Debian's python3-optuna is installed, and beside what the machine can do at most.
#include <algorithm>
#include <chrono>
#include <cstdio>
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

void measure_cold_start(const bench::figures& figures) {
  const std::string name = "search_100_trials_cold_s";
  if (!figures.wants(name))
    return;
  std::vector<double> cold, search;
  for (int i = 0; i < (figures.is_quick() ? 1 : 5); ++i) {
    const auto found = bench::search_in_child({trial_kind::trivial, 100});
    cold.push_back(found.cold_s);
    search.push_back(found.search_s);
  }
  const auto bare = bench::bare_spawns_per_second(figures.is_quick() ? 50 : 300, /*at_once=*/4);
  figures.show({name,
                median(cold),
                "s",
                {},
                0.5,
                fmt::format("workers reused; the search itself {:.3f} s; 100 bare spawns of this program {:.3f} s; "
                            "Ray 3.1 s, with a process a trial 19.8 s",
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
    best = std::max(best, static_cast<double>(trials) / bench::search_in_child({trial_kind::trivial, trials}).search_s);
  }
  figures.show({name,
                best,
                "1/s",
                3'000,
                {},
                fmt::format("Optuna on a journal file: {}; on sqlite: {}; bare write and sync {:.0f}/s",
                            optuna("journal", quick ? 50 : 200), optuna("sqlite", quick ? 20 : 50),
                            bench::bare_syncs_per_second(quick ? 100 : 1'000))});
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

/// 1,000 trials of a second would take a minute: 320 of 50 ms, so each has a twentieth of the time to lose.
void measure_sleeping(const bench::figures& figures) {
  const std::string name = "search_sleeping_over_ideal_percent";
  if (!figures.wants(name))
    return;
  constexpr std::uint64_t trials = 320;
  constexpr double ideal = 320 / 16 * 0.05;
  const auto found = bench::search_in_child({trial_kind::sleeping, trials, /*cpus=*/16});
  figures.show(
    {name,
     100 * (found.search_s / ideal - 1),
     "%",
     {},
     {},
     fmt::format("{:.3f} s for 320 trials of 50 ms on 16 declared cpus; {:.1f} ms a trial over ideal; of "
                 "1,000 trials of 1 s as much would be {:.2f} %",
                 found.search_s, (found.search_s - ideal) * 1e3 / 20, 100 * (found.search_s - ideal) / 20 / 1.0)});
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
    measure_cold_start(figures);
    measure_trials(figures);
    measure_results(figures);
    measure_sleeping(figures);
    measure_node_death(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "tune_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
