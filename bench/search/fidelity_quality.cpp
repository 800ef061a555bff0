// How much training schedulers save, and how they scale: searches on tables of learning curves, in virtual time.
#include "bench/search/virtual_workers.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

using namespace bench;
using namespace tune;

struct method {
  const char* name;
  const char* searcher;  ///< JSON.
  const char* scheduler; ///< JSON.
};

constexpr const char* asha_stopping = R"({"name": "asha", "max_t": 50})";
constexpr const char* asha_promotion = R"({"name": "asha", "max_t": 50, "type": "promotion"})";
constexpr const char* asha_delayed = R"({"name": "asha", "max_t": 50, "type": "promotion", "delayed": true})";
constexpr const char* hyper_tune_brackets = R"({"name": "hyper_tune", "max_t": 50})";
constexpr const char* hyperband_asynchronous = R"({"name": "hyperband", "max_t": 50})";
constexpr const char* hyperband_synchronous = R"({"name": "hyperband", "max_t": 50, "type": "synchronous"})";

constexpr method methods[] = {
  {"random", R"("random")", R"("fifo")"},
  {"tpe", R"("tpe")", R"("fifo")"},
  {"median_stopping", R"("random")", R"("median_stopping")"},
  {"asha", R"("random")", asha_stopping},
  {"asha, promotion", R"("random")", asha_promotion},
  {"asha, delayed", R"("random")", asha_delayed},
  {"hyper_tune's scheduler", R"("random")", hyper_tune_brackets},
  {"pasha", R"("random")", R"({"name": "pasha", "max_t": 50})"},
  {"hyperband", R"("random")", hyperband_asynchronous},
  {"hyperband, synchronous", R"("random")", hyperband_synchronous},
  {"bohb with hyperband", R"("bohb")", hyperband_asynchronous},
  {"bohb with hyperband, sync.", R"("bohb")", hyperband_synchronous},
  {"bohb with asha", R"("bohb")", asha_stopping},
  {"bohb with asha, promotion", R"("bohb")", asha_promotion},
  {"dehb with hyperband", R"("dehb")", hyperband_asynchronous},
  {"dehb with asha", R"("dehb")", asha_stopping},
  {"hyper_tune with asha", R"("hyper_tune")", asha_stopping},
  {"hyper_tune with asha, promotion", R"("hyper_tune")", asha_promotion},
  {"hyper_tune", R"("hyper_tune")", hyper_tune_brackets},
  {"bohb with hyper_tune", R"("bohb")", hyper_tune_brackets},
  {"tpe with asha", R"("tpe")", asha_stopping},
  {"auto with asha", R"("auto")", asha_stopping},
  {"auto with asha, promotion", R"("auto")", asha_promotion},
  {"auto", R"("auto")", R"("fifo")"},
};

struct run_options {
  std::vector<std::string> tables;
  std::vector<std::string> only;
  std::uint64_t seeds = 20;
  std::size_t workers = 4;
  std::uint64_t epochs = 10'000;
  bool scaling = false;
  bool until_found = false;
};

/// Of an even number the mean of the two in the middle.
double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  const auto half = all.size() / 2;
  return all.size() % 2 != 0 ? all[half] : (all[half - 1] + all[half]) / 2;
}

std::vector<std::vector<better_one>> runs_of(const method& m, const curve_table& table, const run_options& how,
                                             std::size_t workers,
                                             double until = -std::numeric_limits<double>::infinity()) {
  std::vector<std::vector<better_one>> all;
  for (std::uint64_t seed = 1; seed <= how.seeds; ++seed)
    all.push_back(run({or_throw(searcher_from_json(m.searcher)), or_throw(scheduler_from_json(m.scheduler)), seed,
                       workers, how.epochs, until},
                      table));
  return all;
}

/// What it comes to with so many epochs: infinite if no trial has ended.
double best_of(const std::vector<better_one>& one) {
  return one.empty() ? std::numeric_limits<double>::infinity() : one.back().loss;
}

/// The median over the seeds of when a loss as low as this was found; none: at least half of them did not find it.
std::optional<double> when(const std::vector<std::vector<better_one>>& all, double loss,
                           std::uint64_t better_one::*what) {
  constexpr auto never = std::numeric_limits<double>::infinity();
  std::vector<double> each;
  for (const auto& one : all) {
    const auto first = std::find_if(one.begin(), one.end(), [&](const better_one& x) { return x.loss <= loss; });
    each.push_back(first == one.end() ? never : static_cast<double>((*first).*what));
  }
  const auto middle = median(std::move(each));
  return middle == never ? std::nullopt : std::optional(middle);
}

bool is_wanted(const method& m, const run_options& how) {
  return how.only.empty() || std::find(how.only.begin(), how.only.end(), m.name) != how.only.end();
}

/// For each method: the epochs until it is as good as random search is in the end, as a share of that one's; and how
/// good it is in the end.
void show_shares(const run_options& how) {
  std::vector<curve_table> tables;
  std::vector<double> targets;
  for (const auto& file : how.tables) {
    tables.emplace_back(file);
    std::vector<double> ends;
    for (const auto& one : runs_of(methods[0], tables.back(), how, how.workers))
      ends.push_back(best_of(one));
    targets.push_back(median(std::move(ends)));
    std::cout << fmt::format("table {}: {}, random search ends at {:.4f}\n", tables.size(), file, targets.back());
  }
  std::cout << fmt::format("\n{:28}", "epochs until then, of 1");
  for (std::size_t i = 1; i <= tables.size(); ++i)
    std::cout << fmt::format("{:>10}", fmt::format("table {}", i));
  std::cout << "   loss " << (how.until_found ? "then" : "in the end") << ", medians of " << how.seeds << "\n";
  for (const auto& m : methods) {
    if (!is_wanted(m, how))
      continue;
    std::string shares, ends;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto all =
        how.until_found ? runs_of(m, tables[i], how, how.workers, targets[i]) : runs_of(m, tables[i], how, how.workers);
      const auto found = when(all, targets[i], &better_one::epochs);
      shares += found ? fmt::format("{:>10.3f}", *found / static_cast<double>(how.epochs)) : fmt::format("{:>10}", "-");
      std::vector<double> best;
      for (const auto& one : all)
        best.push_back(best_of(one));
      ends += fmt::format("  {:.4f}", median(std::move(best)));
    }
    std::cout << fmt::format("{:28}{} {}\n", m.name, shares, ends) << std::flush;
  }
}

/// For each method and number of workers: the virtual time until it is as good as random search with 4 is in the end.
void show_scaling(const run_options& how) {
  constexpr std::size_t workers[] = {1, 5, 25, 100, 500};
  for (const auto& file : how.tables) {
    const curve_table table(file);
    std::vector<double> ends;
    for (const auto& one : runs_of(methods[0], table, how, how.workers))
      ends.push_back(best_of(one));
    const auto target = median(std::move(ends));
    std::cout << fmt::format("{}, {:.4f}\n{:28}", file, target, "time until then; workers:");
    for (const auto n : workers)
      std::cout << fmt::format("{:>8}", n);
    std::cout << "\n";
    for (const auto& m : methods) {
      if (!is_wanted(m, how))
        continue;
      std::cout << fmt::format("{:28}", m.name);
      for (const auto n : workers) {
        const auto found = when(runs_of(m, table, how, n), target, &better_one::time);
        std::cout << fmt::format("{:>8}", found ? fmt::format("{}", *found) : "-") << std::flush;
      }
      std::cout << "\n";
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Schedulers on tables of learning curves, in virtual time; bench/search/README.md says more");
  run_options how;
  app.add_option("tables", how.tables, "CSV files, which may be compressed")->required()->check(CLI::ExistingFile);
  app.add_option("--only", how.only, "these methods, by the names that are printed")->delimiter(';');
  app.add_option("--seeds", how.seeds, "searches of each method and table")->check(CLI::PositiveNumber);
  app.add_option("--workers", how.workers, "trials at the same time")->check(CLI::PositiveNumber);
  app.add_option("--epochs", how.epochs, "of all trials of a search together")->check(CLI::PositiveNumber);
  app.add_flag("--until-found", how.until_found, "end a search when it is as good: faster, where proposals take long");
  app.add_flag("--scaling", how.scaling, "time with 1, 5, 25, 100 and 500 workers, in place of shares");
  CLI11_PARSE(app, argc, argv);
  try {
    if (how.scaling)
      show_scaling(how);
    else
      show_shares(how);
  } catch (const std::exception& why) {
    std::cerr << "fidelity_quality: " << why.what() << "\n";
    return EXIT_FAILURE;
  }
}
