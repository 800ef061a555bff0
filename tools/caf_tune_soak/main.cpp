// Runs storms over simulated clusters and searches, seed by seed, and says what it found. tools/soak builds and calls
// it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "tests/simulation/search_storm.hpp"
#include "tests/simulation/storm.hpp"
#include "tools/caf_tune_soak/seed_pool.hpp"
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
  std::string of; ///< A kind of storm; empty: each.
  std::string mutation;
};

/// What a seed is taken for.
struct storm_kind {
  std::string name; ///< "cluster", as --of says it.
  std::function<std::string(seed)> describe;
  std::function<sim::storm_outcome(seed, const std::function<void(const std::string&)>& tell)> survive;
};

template <class Storm>
storm_kind kind_of(std::string name, Storm (*draw)(seed)) {
  storm_kind kind;
  kind.name = std::move(name);
  kind.describe = [draw](seed s) { return sim::to_text(draw(s)); };
  kind.survive = [draw](seed s, const auto& tell) { return sim::survive(draw(s), s, tell); };
  return kind;
}

std::vector<storm_kind> kinds_for(const soak_options& options) {
  std::vector<storm_kind> kinds;
  if (options.of != "search")
    kinds.push_back(kind_of("cluster", sim::draw_storm));
  if (options.of != "cluster")
    kinds.push_back(kind_of("search", sim::draw_search_storm));
  return kinds;
}

sim::storm_outcome run(const storm_kind& kind, seed s) {
  auto outcome = kind.survive(s, nullptr);
  if (s % repeated_each == 0 && outcome.wrong.empty() && kind.survive(s, nullptr).trace_hash != outcome.trace_hash)
    outcome.wrong = "two runs of this seed differ";
  return outcome;
}

/// Every event of one seed.
int trace(const storm_kind& kind, seed s) {
  fmt::print("seed {} of {}: {}\n", s, kind.name, kind.describe(s));
  const auto outcome = kind.survive(s, [](const std::string& line) { std::cout << line << '\n'; });
  std::cout.flush();
  fmt::print("{}\n", outcome.wrong.empty() ? "nothing is wrong" : "WRONG: " + outcome.wrong);
  return outcome.wrong.empty() ? 0 : 1;
}

/// `part`: of the time, where time is what limits it.
int soak(const storm_kind& kind, const soak_options& options, double part, const std::string& program) {
  sim::pool_options pool;
  pool.seeds = {options.first, options.first + options.count - 1};
  pool.jobs = options.jobs;
  pool.most_failures = options.most_failures;
  if (options.minutes) {
    pool.lasts = std::chrono::seconds(static_cast<std::int64_t>(*options.minutes * 60 * part));
    pool.seeds.last = std::numeric_limits<seed>::max() - pool.jobs;
  }
  const auto began = std::chrono::steady_clock::now();
  const auto report = sim::run_seeds(pool, [&kind](seed s) { return run(kind, s); });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;

  const auto mutation = options.mutation.empty() ? "" : " --mutation " + options.mutation;
  for (const auto& failure : report.failures)
    fmt::print("seed {}: {}\n  {}\n  replay: {} --of {} --trace {}{}\n", failure.s, failure.wrong,
               kind.describe(failure.s), program, kind.name, failure.s, mutation);
  fmt::print("{}: {} seeds from {}, {} failed; {:.1f} virtual hours, {} events in {:.1f} s ({:.0f} seeds/s)\n",
             kind.name, report.seeds, options.first, report.failures.size(), report.virtual_time.count() / 3600,
             report.events, took.count(), static_cast<double>(report.seeds) / took.count());
  return report.failures.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app(
    "Storms over simulated clusters and searches, drawn from seeds, with every invariant checked on the way.");
  soak_options options;
  app.add_option("--first", options.first, "The first seed.")->capture_default_str();
  app.add_option("--seeds", options.count, "How many.")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--minutes", options.minutes, "As many seeds as run in this time, instead of --seeds.")
    ->check(CLI::PositiveNumber);
  app.add_option("--jobs", options.jobs, "Processes at once.")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--failures", options.most_failures, "Ends after so many.")
    ->capture_default_str()
    ->check(CLI::PositiveNumber);
  app.add_option("--of", options.of, "Only storms of this kind: cluster or search.")
    ->check(CLI::IsMember({"cluster", "search"}));
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
  int code = 0;
  const auto kinds = kinds_for(options);
  for (const auto& kind : kinds)
    code = std::max(code, options.trace ? trace(kind, *options.trace)
                                        : soak(kind, options, 1.0 / static_cast<double>(kinds.size()), argv[0]));
  return code;
}
