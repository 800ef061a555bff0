// What a searcher and a scheduler cost a trial and a result, by Google Benchmark, one thread's cpu time each.
#include "bench/micro_figures.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace tune;

/// Ten parameters of several kinds, one of them under a condition.
search_space ten_parameters() {
  return {
    {"lr", log_uniform(1e-5, 1)},
    {"weight_decay", log_uniform(1e-6, 1e-2)},
    {"dropout", uniform(0, 0.5)},
    {"batch_size", ordinal({16, 32, 64, 128})},
    {"layers", integer(1, 4)},
    {"width", log_integer(16, 256)},
    {"activation", choice({"relu", "tanh", "gelu"})},
    {"optimizer", choice({"sgd", "adam"})},
    {"momentum", quniform(0, 0.9, 0.1).when("optimizer", "sgd")},
    {"epochs", 27},
  };
}

search_space ten_axes() {
  search_space space;
  for (int i = 0; i < 10; ++i)
    space.add("axis" + std::to_string(i), integer(1, 10));
  return space;
}

void ask_each(benchmark::State& state, const searcher_choice& which, const search_space& space) {
  const auto search = which.make({space, 1, 1'000'000'000, 0});
  std::uint64_t trial = 0;
  for ([[maybe_unused]] auto round : state) {
    const auto answer = search->ask({trial_id{++trial}});
    search->on_created(trial_id{trial}, answer.proposals.front().values);
  }
}

void ask_random(benchmark::State& state) {
  ask_each(state, random_search(), ten_parameters());
}

void ask_random_finite(benchmark::State& state) {
  ask_each(state, random_search(), ten_axes());
}

void ask_sobol(benchmark::State& state) {
  ask_each(state, sobol_search(), ten_parameters());
}

void ask_grid(benchmark::State& state) {
  ask_each(state, grid_search(), ten_axes());
}

/// Twenty numbers, so many trials have ended, and as one more ends another is asked for.
void ask_learned(benchmark::State& state, const searcher_choice& which, std::uint64_t ended,
                 std::size_t objectives = 1) {
  search_space space;
  for (int i = 0; i < 20; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  const auto search = which.make({space, 1, 1'000'000'000, 0, objectives});
  const auto random = random_search().make({space, 1, 1'000'000'000, 0});
  chance losses(1, "losses", 1);
  std::uint64_t trial = 0;
  const auto live = [&](searcher& from) {
    ++trial;
    const auto values = from.ask({trial_id{trial}}).proposals.front().values;
    search->on_created(trial_id{trial}, values);
    std::vector<double> of_trial;
    while (of_trial.size() < objectives)
      of_trial.push_back(losses.unit());
    search->on_end(trial_id{trial}, trial_outcome::completed, of_trial);
  };
  while (trial < ended)
    live(*random);
  live(*search); // Once before: a model that was not asked for long has more to learn.
  for ([[maybe_unused]] auto round : state)
    live(*search);
}

void ask_tpe_1000(benchmark::State& state) {
  ask_learned(state, tpe_search(), 1'000);
}

void ask_tpe_10000(benchmark::State& state) {
  ask_learned(state, tpe_search(), 10'000);
}

void ask_gp_200(benchmark::State& state) {
  ask_learned(state, gp_search(), 200);
}

void ask_gp_1000(benchmark::State& state) {
  ask_learned(state, gp_search(), 1'000);
}

void ask_cma_es(benchmark::State& state) {
  ask_learned(state, cma_es_search(), 1'000);
}

void ask_sep_cma_es(benchmark::State& state) {
  cma_es_search_options options;
  options.covariance = cma_es_search_options::form::sep;
  ask_learned(state, cma_es_search(options), 1'000);
}

void ask_de(benchmark::State& state) {
  ask_learned(state, de_search(), 1'000);
}

void ask_nsga2(benchmark::State& state) {
  ask_learned(state, nsga2_search(), 1'000, 2);
}

/// The same where trials report at rungs, after 1, 3, 9 and 27 iterations, and two of three stop at each.
void ask_at_rungs(benchmark::State& state, const searcher_choice& which, std::uint64_t ended) {
  search_space space;
  for (int i = 0; i < 20; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  const auto search = which.make({space, 1, 1'000'000'000, 0});
  const auto random = random_search().make({space, 1, 1'000'000'000, 0});
  chance losses(1, "losses", 1);
  std::uint64_t trial = 0;
  const auto live = [&](searcher& from) {
    const trial_id id{++trial};
    search->on_created(id, from.ask({id}).proposals.front().values);
    const auto loss = losses.unit();
    iteration_number iteration = 1;
    double passes = 1;
    for (; iteration <= 27 && loss < passes; iteration *= 3, passes /= 3)
      search->on_report(id, iteration, {loss + losses.unit() / 10});
    search->on_end(id, iteration > 27 ? trial_outcome::completed : trial_outcome::stopped, {loss});
  };
  while (trial < ended)
    live(*random);
  live(*search); // Once before: a model that was not asked for long has more to learn.
  for ([[maybe_unused]] auto round : state)
    live(*search);
}

void ask_bohb(benchmark::State& state) {
  ask_at_rungs(state, bohb_search(), 1'000);
}

void ask_dehb(benchmark::State& state) {
  ask_at_rungs(state, dehb_search(), 1'000);
}

void ask_hyper_tune_200(benchmark::State& state) {
  ask_at_rungs(state, hyper_tune_search(), 200);
}

void ask_hyper_tune_1000(benchmark::State& state) {
  ask_at_rungs(state, hyper_tune_search(), 1'000);
}

/// A trial's whole life: created, four rungs or fewer, ended; with 100,000 results at the first rung.
void asha_trial(benchmark::State& state) {
  const auto by = asha({81, 1, 3}).make({});
  chance random(1, "losses", 1);
  std::uint64_t trial = 0;
  const auto live = [&] {
    by->on_trial_created(trial_id{++trial}, {});
    for (iteration_number i = 1; i <= 81; ++i)
      if (by->on_result({trial_id{trial}, i, random.unit()}).what == verdict::stop)
        break;
    by->on_trial_end(trial_id{trial}, trial_state::stopped);
  };
  while (trial < 100'000)
    live();
  for ([[maybe_unused]] auto round : state)
    live();
}

} // namespace

int main(int argc, char** argv) {
  return bench::run_micro_benchmarks(
    argc, argv,
    {
      {"ask_random_ns", ask_random, 5'000, "one configuration of 10 mixed parameters"},
      {"ask_finite_random_ns", ask_random_finite, 5'000, "one of 10^10 points, none twice"},
      {"ask_sobol_ns", ask_sobol, 5'000, "one configuration of 10 mixed parameters"},
      {"ask_grid_ns", ask_grid, 5'000, "one of 10^10 points"},
      {"ask_tpe_after_1000_ns", ask_tpe_1000, 1'000'000, "one configuration of 20 numbers; Optuna 5: 13 ms"},
      {"ask_tpe_after_10000_ns", ask_tpe_10000, 1'000'000, "one configuration of 20 numbers; Optuna 5: 134 ms"},
      {"ask_gp_after_200_ns", ask_gp_200, 20'000'000, "one configuration of 20 numbers; Optuna 5: 104 ms"},
      {"ask_gp_after_1000_ns", ask_gp_1000, {}, "one configuration of 20 numbers, from 250 of the trials"},
      {"ask_cma_es_ns", ask_cma_es, 20'000, "one configuration of 20 numbers; the cmaes package: 0.018 ms"},
      {"ask_sep_cma_es_ns", ask_sep_cma_es, 20'000, "one configuration of 20 numbers, each learned by itself"},
      {"ask_de_ns", ask_de, 50'000, "one configuration of 20 numbers"},
      {"ask_bohb_ns", ask_bohb, 1'000'000, "one configuration of 20 numbers, after 1,000 trials at 4 rungs"},
      {"ask_dehb_ns", ask_dehb, 50'000, "one configuration of 20 numbers, after 1,000 trials at 4 rungs"},
      {"ask_hyper_tune_after_200_ns", ask_hyper_tune_200, {}, "one configuration of 20 numbers, at 4 rungs"},
      {"ask_hyper_tune_after_1000_ns", ask_hyper_tune_1000, {}, "one configuration of 20 numbers, at 4 rungs"},
      {"ask_nsga2_ns", ask_nsga2, 50'000, "one configuration of 20 numbers, for two objectives"},
      {"asha_trial_ns", asha_trial, {}, "a trial's results until it stops, after 100,000 trials"},
    });
}
