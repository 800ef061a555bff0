// How good searchers of several objectives are: runs one on known functions, offers these to others, and compares.
#include "bench/search/front_functions.hpp"
#include "tune/searcher/pareto_choice.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace {

using json = nlohmann::ordered_json;
using namespace bench;
using namespace tune;

struct run_options {
  std::string searcher = "nsga2";
  std::string options = "{}";
  std::string name; ///< What it is called in the table.
  std::vector<std::string> only;
  std::uint64_t seeds = 10;
  std::uint64_t first_seed = 1;
  std::uint64_t trials = 1'000;
  std::size_t pending = 1;
};

struct table_options {
  std::vector<std::string> files;
  std::vector<std::size_t> trials = {200, 500, 1'000};
};

/// One search, with as many trials pending as may be, of which the oldest ends first: each trial's losses.
std::vector<losses_of_trial> losses_in(const front_function& f, const searcher_choice& which, std::uint64_t seed,
                                       const run_options& how) {
  const auto search = which.make({f.space, seed, how.trials, 0, f.reference.size()});
  std::deque<proposal> pending;
  std::vector<losses_of_trial> all;
  for (std::uint64_t next = 1; all.size() < how.trials;) {
    for (bool may_ask = true; may_ask && pending.size() < how.pending && next <= how.trials;) {
      auto answer = search->ask({trial_id{next}});
      may_ask = !answer.proposals.empty();
      for (auto& each : answer.proposals) {
        search->on_created(each.trial, each.values);
        pending.push_back(std::move(each));
        ++next;
      }
    }
    if (pending.empty()) // Every point was proposed.
      break;
    const auto done = std::move(pending.front());
    pending.pop_front();
    all.push_back(f.losses(done.values));
    search->on_end(done.trial, trial_outcome::completed, all.back());
  }
  return all;
}

void run(const run_options& how) {
  const auto which = or_throw(searcher_named(how.searcher, how.options));
  for (const auto& f : front_functions()) {
    const bool is_wanted = how.only.empty() || std::find(how.only.begin(), how.only.end(), f.name) != how.only.end();
    if (!is_wanted || !which.mistakes(f.space).empty())
      continue;
    for (std::uint64_t seed = how.first_seed; seed < how.first_seed + how.seeds; ++seed) {
      json line = {{"searcher", how.name.empty() ? how.searcher : how.name}, {"function", f.name}, {"seed", seed}};
      line["pending"] = how.pending;
      line["losses"] = losses_in(f, which, seed, how);
      std::cout << line.dump() << std::endl;
    }
  }
}

/// {"function": name, "config": {..}} a line, and for each [loss, ..].
void evaluate() {
  for (std::string text; std::getline(std::cin, text);) {
    const auto line = json::parse(text);
    const auto* f = find_front_function(line.at("function"));
    if (f == nullptr)
      throw std::invalid_argument("there is no such function: " + line.at("function").dump());
    config values;
    for (const auto& [name, x] : or_throw(values_from(line.at("config"))))
      values.set(name, x);
    std::cout << json(f->losses(values)).dump() << std::endl;
  }
}

void list() {
  for (const auto& f : front_functions())
    std::cout
      << json{{"function", f.name}, {"objectives", f.reference.size()}, {"space", json::parse(to_json(f.space))}}.dump()
      << "\n";
}

/// Of the first so many.
double volume_of(const std::vector<losses_of_trial>& all, std::size_t trials, const losses_of_trial& reference) {
  std::vector<losses_of_trial> inside;
  for (std::size_t i = 0; i < std::min(trials, all.size()); ++i)
    if (std::equal(all[i].begin(), all[i].end(), reference.begin(), std::less<double>()))
      inside.push_back(all[i]);
  return hypervolume(std::move(inside), reference);
}

std::string quartiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
  };
  return fmt::format("{:.4f} ({:.3f} to {:.3f})", at(0.5), at(0.25), at(0.75));
}

/// Of what run and optuna_fronts.py printed: the dominated volume of each searcher's trials, its median and quartiles.
void table(const table_options& how) {
  std::map<std::pair<std::string, std::string>, std::vector<std::vector<losses_of_trial>>> found;
  std::vector<std::string> searchers;
  for (const auto& file : how.files) {
    std::ifstream in(file);
    for (std::string text; std::getline(in, text);) {
      const auto line = json::parse(text);
      const std::string name = line.at("searcher");
      if (std::find(searchers.begin(), searchers.end(), name) == searchers.end())
        searchers.push_back(name);
      found[{line.at("function"), name}].push_back(line.at("losses").get<std::vector<losses_of_trial>>());
    }
  }
  for (const auto trials : how.trials) {
    std::cout << fmt::format("\n{:20}", fmt::format("{} trials", trials));
    for (const auto& name : searchers)
      std::cout << fmt::format("{:>28}", name);
    std::cout << "\n";
    for (const auto& f : front_functions()) {
      std::string row = fmt::format("{:20}", f.name);
      bool has_any = false;
      for (const auto& name : searchers) {
        std::vector<double> volumes;
        for (const auto& each : found[{f.name, name}])
          volumes.push_back(volume_of(each, trials, f.reference));
        has_any = has_any || !volumes.empty();
        row += fmt::format("{:>28}", volumes.empty() ? std::string("-") : quartiles(std::move(volumes)));
      }
      if (has_any)
        std::cout << row << "\n";
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Searchers on functions of several objectives; bench/search/README.md says more");
  app.require_subcommand(1);
  run_options how;
  table_options shown;
  auto* const running = app.add_subcommand("run", "a line of JSON for each search: the losses of each trial");
  running->add_option("--searcher", how.searcher, "its name")->capture_default_str();
  running->add_option("--options", how.options, "of the searcher, a JSON object")->capture_default_str();
  running->add_option("--name", how.name, "what it is called in the table; absent: the searcher's name");
  running->add_option("--only", how.only, "these functions")->delimiter(',');
  running->add_option("--seeds", how.seeds, "searches of each function")->capture_default_str();
  running->add_option("--first-seed", how.first_seed, "of the first of them")->capture_default_str();
  running->add_option("--trials", how.trials, "of each search")->capture_default_str();
  running->add_option("--pending", how.pending, "trials at the same time")->check(CLI::PositiveNumber);
  app.add_subcommand("list", "the functions with their spaces, a line of JSON each");
  app.add_subcommand("evaluate", "reads lines of JSON and answers each: the functions for other programs");
  auto* const comparing = app.add_subcommand("table", "what searchers dominate, from the lines that they printed");
  comparing->add_option("files", shown.files, "of run and of optuna_fronts.py")->required()->check(CLI::ExistingFile);
  comparing->add_option("--trials", shown.trials, "after so many")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  try {
    if (running->parsed())
      run(how);
    else if (comparing->parsed())
      table(shown);
    else if (app.got_subcommand("list"))
      list();
    else
      evaluate();
  } catch (const std::exception& why) {
    std::cerr << "front_quality: " << why.what() << "\n";
    return EXIT_FAILURE;
  }
}
