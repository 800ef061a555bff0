// Experiments of very many trials: what a driver keeps in memory, how soon it is ready again, and how many trials a
// second it does on threads of its own.
#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "bench/experiment_driver.hpp"
#include "bench/figures.hpp"
#include "bench/posix_disk.hpp"
#include "runtime/session.hpp"

namespace {

/// A driver ended when all but 1,000 trials were finished; another one does the rest. The finished ones are written by
/// the benchmark, as records of the journal: to do a million takes 20 GB of small files.
void measure_resume(const bench::figures& figures) {
  const std::string memory = "driver memory at 1,000,000 finished trials";
  const std::string time = "resume of 1,000,000 finished trials";
  if (!figures.wants(memory) && !figures.wants(time))
    return;
  const bench::scratch_directory place;
  const bench::long_search search{place.path(), figures.is_quick() ? 101'000u : 1'001'000u};
  constexpr std::uint64_t left = 1'000;
  const auto finished = search.trials - left;
  bench::write_finished_trials(search, finished);
  const auto found = bench::run_in_child(search);
  const auto how = fmt::format("{} trials replayed, then {} done", finished, left);
  if (figures.wants(memory))
    figures.show(
      {memory, found.peak_mb, "MB", {}, 200, fmt::format("peak; {}{}", how, figures.is_quick() ? "; not scaled" : "")});
  if (figures.wants(time))
    figures.show({time,
                  found.ready_s * 1e6 / static_cast<double>(finished),
                  "s",
                  {},
                  10,
                  fmt::format("{}{}; the files were all checked {:.1f} s after the start, beside the search", how,
                              figures.is_quick() ? ", the time of opening scaled by 10" : "",
                              found.ready_s + found.journal_s + found.files_s)});
}

void measure_throughput(const bench::figures& figures) {
  const std::string name = "in-process trials/s";
  if (!figures.wants(name))
    return;
  const std::uint64_t trials = figures.is_quick() ? 2'000 : 50'000;
  double best = 0;
  bench::long_search_outcome of_best;
  for (int i = 0; i < (figures.is_quick() ? 1 : 3); ++i) {
    const bench::scratch_directory place;
    const auto found = bench::run_in_child({place.path(), trials});
    const auto rate = static_cast<double>(trials) / found.journal_s;
    if (rate > best) {
      best = rate;
      of_best = found;
    }
  }
  figures.show(
    {name,
     best,
     "1/s",
     50'000,
     {},
     fmt::format(
       "{} trials, each record synced; their files were there {:.1f} s later; peak {:.0f} MB; bare write and sync "
       "{:.0f}/s; Optuna in memory 29,000/s",
       trials, of_best.files_s, of_best.peak_mb, bench::bare_syncs_per_second(figures.is_quick() ? 100 : 1'000))});
}

} // namespace

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  try {
    if (argc > 1 && std::string(argv[1]) == bench::long_search_argument)
      return bench::run_long_search(argc - 1, argv + 1);
    const bench::figures figures(argc, argv);
    measure_resume(figures);
    measure_throughput(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "million_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
