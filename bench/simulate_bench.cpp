// What it costs to simulate a search on a large cluster: the whole of it, on one core.
#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "bench/figures.hpp"
#include "tune/scheduler/asha_stopping.hpp"
#include "tune/searcher/design_search.hpp"
#include "tune/simulate/invented_curves.hpp"
#include "tune/simulate/search_simulation.hpp"

namespace {

using namespace tune;

/// Random search with ASHA on nodes with 64 cpus, one for each trial, whose iterations take about ten seconds. A node
/// fails once in ten hours.
simulated_outcome run(std::uint64_t trials, std::size_t nodes) {
  constexpr std::uint64_t seed = 1;
  const search_space space = {{"lr", log_uniform(1e-5, 1e-1)}, {"layers", integer(1, 4)}, {"act", choice({"a", "b"})}};
  simulated_search what;
  what.controller.id = "00000000";
  what.controller.objectives = {minimize("loss")};
  what.controller.trials = what.controller.samples = trials;
  what.searcher =
    std::make_unique<design_search>(searcher_setup{space, seed, trials}, random_design, design_search_options());
  asha_options halving;
  halving.max_t = 27;
  halving.reduction_factor = 3;
  what.scheduler = std::make_unique<asha_stopping>(halving, scheduler_setup());
  invented_curves_options curves;
  curves.objectives = what.controller.objectives;
  curves.iterations = halving.max_t;
  curves.iteration_time = or_throw(time_law::parse("lognormal:10s,0.3"));
  curves.seed = seed;
  what.model = std::make_shared<invented_curves>(space, std::move(curves));
  what.seed = seed;
  simulated_nodes_options cluster;
  cluster.nodes = {{nodes, runtime::cpus(64)}};
  cluster.wants = runtime::cpus(1);
  cluster.mean_time_between_failures = std::chrono::hours(10);
  cluster.seed = seed;
  return search_simulation(std::move(what), std::move(cluster)).run();
}

/// The most that this process has had in memory so far.
double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (double kib = 0; word == "VmHWM:" && status >> kib)
      return kib / 1024;
  return 0;
}

void measure(const bench::figures& figures, const std::string& name, std::uint64_t trials, double most_s,
             double most_mb) {
  const auto memory = name + ", memory";
  if (!figures.wants(name) && !figures.wants(memory))
    return;
  const auto start = std::clock(); // Of this process: a busy machine does not make it slower.
  const auto found = run(trials, figures.is_quick() ? 100 : 1'000);
  const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const auto beside = fmt::format(
    "processor time; {} iterations, {} attempts lost with {} nodes, {:.0f} s of the cluster's time{}", found.results,
    found.lost_attempts, found.node_failures, std::chrono::duration<double>(found.time).count(),
    found.terminated + found.stopped == trials ? "" : "; NOT ALL TRIALS ENDED");
  if (figures.wants(name))
    figures.show({name, took, "s", {}, most_s, beside});
  if (figures.wants(memory))
    figures.show({memory, peak_mb(), "MB", {}, most_mb, "the process at its peak, with what was measured before"});
}

} // namespace

int main(int argc, char** argv) {
  const bench::figures figures(argc, argv);
  const std::uint64_t few = figures.is_quick() ? 10'000 : 100'000;
  measure(figures, "simulated search of 100,000 trials on 1,000 nodes", few, 20, 200);
  measure(figures, "simulated search of 1,000,000 trials on 1,000 nodes", 10 * few, 200, 200);
}
