// Experiments of very many trials: what a driver keeps in memory, how soon it is ready again, and how many trials a
// second it does on threads of its own.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/experiment_driver.hpp"
#include "bench/figures.hpp"
#include "bench/posix_disk.hpp"
#include "runtime/session.hpp"

namespace {

constexpr int reports_of_a_trial = 50;

/// A driver ended when all but 1,000 trials were finished; another one does the rest. The finished ones are written by
/// the benchmark, as records of the journal: to do a million takes 20 GB of small files.
void measure_resume(const bench::figures& figures) {
  const std::string memory = "driver memory at 1,000,000 finished trials";
  const std::string time = "resume of 1,000,000 finished trials";
  if (!figures.wants(memory) && !figures.wants(time))
    return;
  const bench::scratch_directory place;
  constexpr std::uint64_t left = 1'000;
  const std::uint64_t finished = figures.is_quick() ? 100'000 : 1'000'000;
  const bench::long_search search{place.path(), finished + left, finished};
  bench::write_finished_trials(search);
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

/// What a result costs when so many trials have finished before it, each with its part of what its trial costs.
/// Processor time, as waits for the disk vary more than this does; of the second half of the results, as the finished
/// trials' files are checked during the first.
bench::long_search_outcome cost_after(std::uint64_t finished, bool is_quick) {
  bench::long_search_outcome least;
  for (int i = 0; i < (is_quick ? 1 : 5); ++i) {
    const bench::scratch_directory place;
    const bench::long_search search{place.path(), finished + (is_quick ? 400 : 4'000), finished, reports_of_a_trial};
    bench::write_finished_trials(search);
    const auto found = bench::run_in_child(search);
    if (least.cpu_us == 0 || found.cpu_us < least.cpu_us)
      least = found;
  }
  return least;
}

void measure_cost(const bench::figures& figures) {
  const std::string name = "cost of a result after ";
  const std::uint64_t most = figures.is_quick() ? 10'000 : 100'000;
  const std::vector<std::uint64_t> counts = {10, 1'000, most};
  const auto name_of = [&](std::uint64_t finished) { return fmt::format("{}{} trials", name, finished); };
  if (!std::any_of(counts.begin(), counts.end(), [&](auto each) { return figures.wants(name_of(each)); }))
    return;
  double first = 0;
  for (const auto finished : counts) {
    const auto found = cost_after(finished, figures.is_quick());
    if (first == 0)
      first = found.cpu_us;
    figures.show(
      {name_of(finished),
       found.cpu_us,
       "us",
       {},
       finished == most ? std::optional(1.2 * first) : std::nullopt,
       fmt::format("processor time of driver and trials, {} results each, with their files; {:.0f} us by the "
                   "clock; {:.2f} times that after 10 trials",
                   reports_of_a_trial, found.wall_us, found.cpu_us / first)});
  }
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
    measure_cost(figures);
    measure_throughput(figures);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "million_bench: {}\n", failure.what());
    return 1;
  }
  return 0;
}
