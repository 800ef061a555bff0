// Runs storms over simulated clusters, seed by seed, and says what it found. tools/soak builds and calls it.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tools/caf_tune_soak/seed_pool.hpp"
#include "tests/simulation/storm.hpp"
#ifdef CAF_TUNE_MUTANTS
#include "tests/simulation/planted_mutation.hpp"
#endif

namespace {

constexpr seed repeated_each = 32; ///< So many seeds, one of which runs twice and must come out the same.

struct soak_options {
  seed first = 1;
  seed count = 1'000;
  std::optional<double> minutes;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  std::size_t most_failures = 1;
  std::optional<seed> trace;
  std::string mutation;
};

sim::storm_outcome run(seed s) {
  const auto what = sim::draw_storm(s);
  auto outcome = sim::survive(what, s);
  if (s % repeated_each == 0 && outcome.wrong.empty() && sim::survive(what, s).trace_hash != outcome.trace_hash)
    outcome.wrong = "two runs of this seed differ";
  return outcome;
}

/// Every event of one seed.
int trace(seed s) {
  const auto what = sim::draw_storm(s);
  fmt::print("seed {}: {}\n", s, sim::to_text(what));
  const auto outcome = sim::survive(what, s, [](const std::string& line) { std::cout << line << '\n'; });
  std::cout.flush();
  fmt::print("{}\n", outcome.wrong.empty() ? "nothing is wrong" : "WRONG: " + outcome.wrong);
  return outcome.wrong.empty() ? 0 : 1;
}

int soak(const soak_options& options, const std::string& program) {
  sim::pool_options pool;
  pool.seeds = {options.first, options.first + options.count - 1};
  pool.jobs = options.jobs;
  pool.most_failures = options.most_failures;
  if (options.minutes) {
    pool.lasts = std::chrono::seconds(static_cast<std::int64_t>(*options.minutes * 60));
    pool.seeds.last = std::numeric_limits<seed>::max() - pool.jobs;
  }
  const auto began = std::chrono::steady_clock::now();
  const auto report = sim::run_seeds(pool, run);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;

  const auto mutation = options.mutation.empty() ? "" : " --mutation " + options.mutation;
  for (const auto& failure : report.failures)
    fmt::print("seed {}: {}\n  {}\n  replay: {} --trace {}{}\n", failure.s, failure.wrong,
               sim::to_text(sim::draw_storm(failure.s)), program, failure.s, mutation);
  fmt::print("{} seeds from {}, {} failed; {:.1f} virtual hours, {} events in {:.1f} s ({:.0f} seeds/s)\n",
             report.seeds, options.first, report.failures.size(), report.virtual_time.count() / 3600, report.events,
             took.count(), static_cast<double>(report.seeds) / took.count());
  return report.failures.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Storms over simulated clusters: drawn from seeds, with every invariant checked after each event.");
  soak_options options;
  app.add_option("--first", options.first, "The first seed.")->capture_default_str();
  app.add_option("--seeds", options.count, "How many.")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--minutes", options.minutes, "As many seeds as run in this time, instead of --seeds.")
    ->check(CLI::PositiveNumber);
  app.add_option("--jobs", options.jobs, "Processes at once.")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--failures", options.most_failures, "Ends after so many.")
    ->capture_default_str()
    ->check(CLI::PositiveNumber);
  app.add_option("--trace", options.trace, "Runs this seed alone and prints every event.");
#ifdef CAF_TUNE_MUTANTS
  app.add_option("--mutation", options.mutation, "Plants this fault in the cores.")
    ->check(CLI::IsMember(sim::mutation_names()));
  bool lists_mutations = false;
  app.add_flag("--list-mutations", lists_mutations, "Prints what --mutation takes, one a line.");
#endif
  CLI11_PARSE(app, argc, argv);
#ifdef CAF_TUNE_MUTANTS
  if (lists_mutations) {
    for (const auto& name : sim::mutation_names())
      fmt::print("{}\n", name);
    return 0;
  }
  if (!options.mutation.empty())
    sim::plant(options.mutation);
#endif
  return options.trace ? trace(*options.trace) : soak(options, argv[0]);
}
