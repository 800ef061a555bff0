#include "tune/simulate/simulation_plan.hpp"

#include "runtime/resources/resource_stock.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/point_queue.hpp"
#include "tune/searcher/searcher.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr auto usual_iteration_time = std::chrono::seconds(1);
/// A search that has done so many times what all its trials have does not come to an end: failures come faster than
/// what they cost is done again.
constexpr double most_repetitions = 100;

bool is_of_time(const stop_condition& condition) {
  return condition.metric == "training_iteration" || condition.metric == "time_total_s" ||
         condition.metric == "time_this_iter_s";
}

/// Else it would wait for a node that never comes.
bool fits_somewhere(const simulated_nodes_options& cluster) {
  return std::any_of(cluster.nodes.begin(), cluster.nodes.end(), [&](const node_kind& each) {
    return runtime::resource_stock(each.resources).could_ever_fit(cluster.wants);
  });
}

std::unique_ptr<scheduler> scheduler_of(const search_spec& search, std::uint64_t seed) {
  return search.scheduler.make(
    {seed, search.objectives.front().better, std::make_shared<const search_space>(search.space)});
}

} // namespace

simulation_plan::simulation_plan(search_spec search, run_spec run, simulation_wishes wishes)
  : search_(std::move(search)),
    run_(std::move(run)),
    wishes_(std::move(wishes)) {
}

std::vector<std::string> simulation_plan::mistakes() const {
  std::vector<std::string> found;
  if (iterations() == 0)
    found.emplace_back(
      "--iterations: it is missing: neither the scheduler nor stop: training_iteration says how long a "
      "trial is; use for example --iterations 27");
  if (run_.in_process_threads > 0)
    found.emplace_back("in_process_threads: trials on threads of the program are not simulated; leave it out");
  if (!wishes_.can_save && scheduler_of(search_, search_.seed)->needs_checkpoints())
    found.push_back(fmt::format("--no-checkpoints: the scheduler {} pauses trials, which needs checkpoints",
                                search_.scheduler.name()));
  return found;
}

std::vector<std::string> simulation_plan::notes() const {
  std::vector<std::string> all;
  if (recorded_ == nullptr)
    for (const auto& each : run_.stop)
      if (!is_of_time(each))
        all.push_back(fmt::format("stop: \"{}\" is left out, as learning curves are invented; --like takes those of an "
                                  "earlier experiment",
                                  each.metric));
  return all;
}

std::vector<stop_condition> simulation_plan::stop() const {
  auto all = run_.stop;
  if (recorded_ == nullptr)
    all.erase(std::remove_if(all.begin(), all.end(), [](const auto& each) { return !is_of_time(each); }), all.end());
  return all;
}

recorded_curves_options simulation_plan::options_of_recorded() const {
  recorded_curves_options options;
  for (const auto& each : search_.objectives)
    options.metrics.push_back(each.metric);
  for (const auto& each : run_.stop)
    if (!is_of_time(each) &&
        std::find(options.metrics.begin(), options.metrics.end(), each.metric) == options.metrics.end())
      options.metrics.push_back(each.metric);
  options.iterations = wishes_.iterations;
  options.iteration_time = wishes_.iteration_time;
  return options;
}

iteration_number simulation_plan::iterations() const {
  if (wishes_.iterations)
    return *wishes_.iterations;
  if (recorded_ != nullptr)
    return recorded_->iterations();
  iteration_number most = scheduler_of(search_, search_.seed)->max_iterations().value_or(0);
  for (const auto& each : run_.stop)
    if (each.metric == "training_iteration" && each.bound < 1e15) {
      const auto bound = static_cast<iteration_number>(std::ceil(each.bound));
      most = most == 0 ? bound : std::min(most, bound);
    }
  return most;
}

std::uint64_t simulation_plan::trials() const {
  return search_.searcher.trials(
    {search_.space, search_.seed, search_.samples, trials_of(search_.points_to_evaluate), search_.objectives.size()});
}

controller_options simulation_plan::controller_of(std::uint64_t seed) const {
  controller_options options;
  options.id = "00000000";
  options.seed = seed;
  options.samples = search_.samples;
  options.trials = trials();
  options.objectives = search_.objectives;
  options.stop = stop();
  options.answer_each = run_.wait_for_disk;
  options.max_concurrent_trials = run_.max_concurrent_trials;
  options.time_budget = run_.time_budget;
  options.failures = run_.failures;
  options.fail_fast = run_.fail_fast;
  options.step_deadline = run_.step_deadline;
  options.trial_deadline = run_.trial_deadline;
  options.checkpoints_kept = run_.checkpoints_kept;
  return options;
}

std::shared_ptr<const trial_model> simulation_plan::model_of(std::uint64_t seed) const {
  if (recorded_ != nullptr)
    return recorded_;
  invented_curves_options options;
  options.objectives = search_.objectives;
  options.iterations = iterations();
  options.iteration_time = wishes_.iteration_time.value_or(time_law(usual_iteration_time));
  options.seed = seed;
  return std::make_shared<invented_curves>(search_.space, std::move(options));
}

simulated_outcome simulation_plan::run(std::uint64_t seed) const {
  simulated_search what;
  what.controller = controller_of(seed);
  what.searcher = searcher_with_points(
    search_.searcher,
    {search_.space, seed, search_.samples, trials_of(search_.points_to_evaluate), search_.objectives.size()},
    search_.points_to_evaluate, search_.objectives);
  what.scheduler = scheduler_of(search_, seed);
  what.model = model_of(seed);
  if (run_.process_per_attempt)
    what.pool.slice = std::chrono::nanoseconds(0);
  what.checkpoints = run_.checkpoints;
  if (what.checkpoints.every == 0)
    what.checkpoints.every = what.scheduler->saves_every();
  what.can_save = wishes_.can_save;
  what.start_time = wishes_.start_time;
  what.checkpoint_time = wishes_.checkpoint_time;
  what.failure_chance = wishes_.failure_chance;
  what.seed = seed;
  what.target = wishes_.target;
  const double all = static_cast<double>(what.controller.trials) * static_cast<double>(iterations());
  what.most_iterations = static_cast<std::uint64_t>(std::min(all * most_repetitions, 1e18));
  simulated_nodes_options cluster;
  cluster.nodes = wishes_.nodes;
  cluster.wants = run_.resources;
  cluster.waits_for_nodes = run_.wait_for_nodes && fits_somewhere(cluster);
  cluster.mean_time_between_failures = wishes_.mean_time_between_failures;
  cluster.repair_time = wishes_.repair_time;
  cluster.detection_time = wishes_.detection_time;
  cluster.seed = seed;
  return search_simulation(std::move(what), std::move(cluster)).run();
}

} // namespace tune
