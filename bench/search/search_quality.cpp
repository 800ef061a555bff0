// How good searchers are: runs one on functions whose least value is known, and offers the same functions to others.
#include "bench/search/known_functions.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace {

using json = nlohmann::ordered_json;
using namespace bench;
using namespace tune;

struct run_options {
  std::string searcher = "tpe";
  std::string options = "{}";
  std::vector<std::string> only;
  std::uint64_t seeds = 10;
  std::uint64_t first_seed = 1;
  std::uint64_t trials = 200;
  std::size_t pending = 1;
};

/// One search, with as many trials pending as may be, of which the oldest ends first. After each trial: how far the
/// one that looked best was from the least value.
std::vector<double> regrets_of(const known_function& f, const searcher_choice& which, std::uint64_t seed,
                               const run_options& how) {
  const auto search = which.make({f.space, seed, how.trials, 0});
  std::deque<proposal> pending;
  std::vector<double> regrets;
  double best_seen = std::numeric_limits<double>::infinity();
  double regret = best_seen;
  std::uint64_t next = 1;
  bool may_ask = true;
  while (regrets.size() < how.trials) {
    while (may_ask && pending.size() < how.pending && next <= how.trials) {
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
    const double loss = f.loss(done.values);
    const double seen = observed_loss(f, loss, seed, done.trial.value);
    search->on_report(done.trial, 1, {seen});
    search->on_end(done.trial, trial_outcome::completed, {seen});
    may_ask = true;
    if (seen < best_seen) {
      best_seen = seen;
      regret = loss - f.least;
    }
    regrets.push_back(regret);
  }
  regrets.resize(how.trials, regret);
  return regrets;
}

void run(const run_options& how) {
  const auto which = or_throw(searcher_named(how.searcher, how.options));
  for (const auto& f : known_functions()) {
    const bool is_wanted = how.only.empty() || std::find(how.only.begin(), how.only.end(), f.name) != how.only.end();
    if (!is_wanted || !which.mistakes(f.space).empty())
      continue;
    for (std::uint64_t i = 0; i < how.seeds; ++i) {
      const auto seed = how.first_seed + i;
      json line = {{"searcher", how.searcher}, {"function", f.name}, {"pending", how.pending}, {"seed", seed}};
      line["regrets"] = regrets_of(f, which, seed, how);
      std::cout << line.dump() << std::endl;
    }
  }
}

/// {"function": name, "seed": s, "trial": n, "config": {..}} a line, and for each {"seen": loss, "regret": r}.
void evaluate() {
  for (std::string text; std::getline(std::cin, text);) {
    const auto line = json::parse(text);
    const auto* f = find_function(line.at("function"));
    if (f == nullptr)
      throw std::invalid_argument("there is no such function: " + line.at("function").dump());
    config values;
    for (const auto& [name, x] : or_throw(values_from(line.at("config"))))
      values.set(name, x);
    const double loss = f->loss(values);
    const json answer = {{"seen", observed_loss(*f, loss, line.at("seed"), line.at("trial"))},
                         {"regret", loss - f->least}};
    std::cout << answer.dump() << std::endl;
  }
}

void list() {
  for (const auto& f : known_functions())
    std::cout << json{{"function", f.name}, {"space", json::parse(to_json(f.space))}}.dump() << "\n";
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Searchers on functions whose least value is known; bench/search/README.md says more");
  app.require_subcommand(1);
  run_options how;
  auto* const running = app.add_subcommand("run", "a line of JSON for each search: its regret after each trial");
  running->add_option("--searcher", how.searcher, "its name")->capture_default_str();
  running->add_option("--options", how.options, "of the searcher, a JSON object")->capture_default_str();
  running->add_option("--only", how.only, "these functions")->delimiter(',');
  running->add_option("--seeds", how.seeds, "searches of each function")->capture_default_str();
  running->add_option("--first-seed", how.first_seed, "of the first of them")->capture_default_str();
  running->add_option("--trials", how.trials, "of each search")->capture_default_str();
  running->add_option("--pending", how.pending, "trials at the same time")->check(CLI::PositiveNumber);
  app.add_subcommand("list", "the functions with their spaces, a line of JSON each");
  app.add_subcommand("evaluate", "reads lines of JSON and answers each: the functions for other programs");
  CLI11_PARSE(app, argc, argv);
  try {
    if (running->parsed())
      run(how);
    else if (app.got_subcommand("list"))
      list();
    else
      evaluate();
  } catch (const std::exception& why) {
    std::cerr << "search_quality: " << why.what() << "\n";
    return EXIT_FAILURE;
  }
}
