#include "tests/simulation/search_plan.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/searcher.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace sim {
namespace {

searcher_choice draw_searcher(random_stream& random) {
  switch (random.below(6)) {
  case 0: return tpe_search();
  case 1: return sobol_search();
  case 2: return bohb_search();
  case 3: return de_search();
  default: return random_search();
  }
}

scheduler_choice draw_scheduler(random_stream& random, iteration_number most) {
  switch (random.below(9)) {
  case 0:
  case 1: return asha({most, 1, 2});
  case 2:
  case 3: {
    asha_options options{most, 1, 2};
    options.type = asha_options::variant::promotion;
    return asha(options);
  }
  case 4: return median_stopping();
  case 5: {
    hyperband_options options{most, 1, 2};
    options.type =
      random.chance(0.5) ? hyperband_options::variant::synchronous : hyperband_options::variant::asynchronous;
    return hyperband(options);
  }
  case 6: {
    pbt_options options;
    options.perturbation_interval = 1 + static_cast<iteration_number>(random.below(4));
    options.type = random.chance(0.5) ? pbt_options::variant::synchronous : pbt_options::variant::asynchronous;
    return pbt(options);
  }
  default: return fifo();
  }
}

controller_options draw_options(random_stream& random, iteration_number most) {
  controller_options options;
  options.id = "51a1a7ed";
  options.name = "simulated";
  options.samples = 1 + random.below(random.chance(0.2) ? 60 : 15);
  options.objectives = {maximize("score")};
  options.stop = {{"training_iteration", at_least(static_cast<double>(most))}};
  if (random.chance(0.3))
    options.stop.push_back({"score", at_least(0.9)});
  options.answer_each = random.chance(0.3);
  if (random.chance(0.3))
    options.max_concurrent_trials = 1 + random.below(5);
  options.failures.max_failures = random.chance(0.7) ? -1 : static_cast<int>(random.below(4));
  if (random.chance(0.7))
    options.failures.most_losses_in_a_row = 1'000;
  options.step_deadline = 5s;
  options.checkpoints_kept = 1 + random.below(3);
  if (random.chance(0.1))
    options.most_unwritten = 1 + random.below(20);
  return options;
}

trial_habits draw_habits(random_stream& random) {
  trial_habits habits;
  habits.longest_set_up = between(random, 2ms, 2s);
  habits.longest_step = between(random, 100us, random.chance(0.3) ? 2s : 200ms);
  habits.longest_save = between(random, 20us, 200ms);
  const auto sometimes = [&](double most) { return random.chance(0.5) ? most * random.unit() : 0.0; };
  habits.crashes = sometimes(0.05);
  habits.throws = sometimes(0.03);
  habits.hangs = sometimes(0.01);
  habits.kills_while_saving = sometimes(0.1);
  return habits;
}

} // namespace

search_plan draw_search_plan(random_stream& random) {
  search_plan plan;
  plan.seed = random.next();
  plan.space = {{"x", uniform(0, 1)}, {"kind", choice({"good", "bad"})}};
  const auto most = 1 + static_cast<iteration_number>(random.below(random.chance(0.2) ? 40 : 12));
  plan.searcher = draw_searcher(random);
  plan.scheduler = draw_scheduler(random, most);
  plan.options = draw_options(random, most);
  plan.checkpoints.every = random.chance(0.3) ? 0 : 1 + static_cast<iteration_number>(random.below(4));
  plan.checkpoints.at_end = random.chance(0.7);
  plan.journal.gathering = std::chrono::milliseconds(random.below(random.chance(0.2) ? 2'000 : 40));
  plan.journal.segment_bytes = random.chance(0.3) ? 300 + random.below(5'000) : std::uint64_t{64} << 20;
  plan.journal.opened = record::wall_time();
  plan.habits = draw_habits(random);
  plan.places = 1 + random.below(6);
  plan.is_in_process = random.chance(0.15);
  if (plan.is_in_process) { // What never reports again there, nobody can end; what crashes takes the driver with it.
    plan.habits.hangs = plan.habits.crashes = plan.habits.kills_while_saving = 0;
    plan.options.told_at_once = true;
  }
  return plan;
}

std::string to_text(const search_plan& plan) {
  return fmt::format("{} samples at {} {}, searcher {}, scheduler {} {}, a checkpoint each {} iterations{}",
                     plan.options.samples, plan.places, plan.is_in_process ? "threads" : "places", plan.searcher.name(),
                     plan.scheduler.name(), plan.scheduler.options(), plan.checkpoints.every,
                     plan.options.answer_each ? ", each report waits" : "");
}

namespace {
std::unique_ptr<scheduler> make_scheduler(const search_plan& plan) {
  return plan.scheduler.make({plan.seed, direction::maximize, std::make_shared<const search_space>(plan.space)});
}
} // namespace

attempt_order make_order(const search_plan& plan, const controller_core::start_attempt& start, std::string directory) {
  const auto schedule = make_scheduler(plan);
  attempt_order order;
  order.experiment = plan.options.id;
  order.trial = start.trial;
  order.trial_name = fmt::format("{}_{:05}", plan.options.id, start.trial.value);
  order.attempt = start.attempt;
  order.trainable = "simulated";
  order.values = start.values;
  order.metrics = {"score"};
  order.checkpoints = plan.checkpoints;
  if (order.checkpoints.every == 0)
    order.checkpoints.every = schedule->saves_every();
  order.max_iterations = schedule->max_iterations();
  order.free_until = start.free_until;
  order.time_total_s = start.time_total_s;
  order.storage_directory = std::move(directory);
  order.restore = start.restore;
  return order;
}

std::shared_ptr<controller_core> make_core(const search_plan& plan) {
  auto options = plan.options;
  options.seed = plan.seed;
  const searcher_setup setup{plan.space, plan.seed, options.samples, /*points=*/0, options.objectives.size()};
  options.trials = plan.searcher.trials(setup);
  options.description =
    R"({"metric": "score", "mode": "max", "checkpoints": {"keep": )" + std::to_string(options.checkpoints_kept) + "}}";
  return std::make_shared<controller_core>(std::move(options), plan.searcher.make(setup), make_scheduler(plan));
}

} // namespace sim
