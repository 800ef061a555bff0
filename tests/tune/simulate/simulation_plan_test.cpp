#include "tune/simulate/simulation_plan.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

simulation_plan plan_of(const std::string& text, simulation_wishes wishes = {}) {
  auto search = read_search_spec(text);
  REQUIRE(texts_of(search.mistakes, "spec") == lines{});
  auto run = read_run_spec(text, search.spec->objectives);
  REQUIRE(texts_of(run.mistakes, "spec") == lines{});
  return {std::move(*search.spec), std::move(run.spec), std::move(wishes)};
}

const char* const halving = R"(
space: {lr: {loguniform: [1e-5, 0.1]}}
metric: loss
mode: min
samples: 20
searcher: random
scheduler: {name: asha, max_t: 27, reduction_factor: 3}
)";

} // namespace

TEST_CASE("simulation plan: how long a trial is, is told by who knows it") {
  CHECK(plan_of(halving).iterations() == 27);
  CHECK(plan_of(std::string(halving) + "stop: {training_iteration: 9}").iterations() == 9);
  simulation_wishes wishes;
  wishes.iterations = 5;
  CHECK(plan_of(halving, wishes).iterations() == 5);

  const auto unknown = plan_of("space: {x: {uniform: [0, 1]}}");
  CHECK(unknown.iterations() == 0);
  CHECK(unknown.mistakes() == lines{"--iterations: it is missing: neither the scheduler nor stop: training_iteration "
                                    "says how long a trial is; use for example --iterations 27"});
}

TEST_CASE("simulation plan: what cannot be simulated, and what counts otherwise") {
  const std::string space = "space: {x: {uniform: [0, 1]}}\nmetric: accuracy\n";
  CHECK(plan_of(space + "stop: {training_iteration: 3}\nin_process_threads: 2").mistakes() ==
        lines{"in_process_threads: trials on threads of the program are not simulated; leave it out"});
  simulation_wishes wishes;
  wishes.can_save = false;
  CHECK(plan_of(space + "scheduler: {name: hyperband, type: synchronous}", wishes).mistakes() ==
        lines{"--no-checkpoints: the scheduler hyperband pauses trials, which needs checkpoints"});
  CHECK(plan_of(halving, wishes).mistakes() == lines{});

  const auto noted = plan_of(space + "stop: {training_iteration: 3, accuracy: 0.9}");
  CHECK(noted.mistakes() == lines{});
  CHECK(plan_of(space + "stop: {training_iteration: 3, accuracy: -5}").run(1).results == 3);
  CHECK(noted.notes() == lines{"stop: \"accuracy\" is left out, as learning curves are invented; --like takes those of "
                               "an earlier experiment"});
}

TEST_CASE("simulation plan: a whole spec file runs, and more nodes make it faster") {
  simulation_wishes wishes;
  wishes.iteration_time = time_law(2s);
  wishes.nodes = {{1, runtime::cpus(2)}};
  const auto slow = plan_of(halving, wishes).run(1);
  wishes.nodes = {{10, runtime::cpus(2)}};
  const auto fast = plan_of(halving, wishes).run(1);

  CHECK(slow.has_ended);
  CHECK(slow.created == 20);
  CHECK(fast.places == 20);
  CHECK(fast.time == 54s + 20ms); // One trial, the best one, from its beginning to its end.
  CHECK(slow.time > fast.time);
}

TEST_CASE("simulation plan: resources, failures and deadlines of the file count") {
  simulation_wishes wishes;
  wishes.nodes = {{1, runtime::cpus(8)}};
  wishes.failure_chance = 1;
  const auto found =
    plan_of("space: {x: {uniform: [0, 1]}}\nsamples: 6\nstop: {training_iteration: 3}\nresources: {cpu: 4}\n"
            "max_failures: 1",
            wishes)
      .run(1);
  CHECK(found.places == 2);
  CHECK(found.failed_attempts == 12);

  wishes.failure_chance = 0;
  const auto cut = plan_of("space: {x: {uniform: [0, 1]}}\nsamples: 9\nstop: {training_iteration: 100}\n"
                           "trial_deadline_s: 10.5",
                           wishes)
                     .run(1);
  CHECK(cut.terminated == 9);
  CHECK(cut.results == 90);
}

TEST_CASE("simulation plan: a trial that fits on none of the nodes does not wait for others") {
  const auto found = plan_of("space: {x: {uniform: [0, 1]}}\nstop: {training_iteration: 3}\nresources: {cpu: 9}\n"
                             "wait_for_nodes: true")
                       .run(1);
  CHECK(found.has_failed);
  CHECK(found.why.find("resources: cpu=9 fits on no node") == 0);
}

TEST_CASE("simulation plan: curves of an earlier experiment tell its length and times, and stop conditions count") {
  auto plan = plan_of("space: {x: {uniform: [0, 1]}}\nmetric: loss\nmode: min\nsamples: 4\nsearcher: random\n"
                      "stop: {loss: 0.25, size: 100}");
  const auto options = plan.options_of_recorded();
  CHECK(options.metrics == lines{"loss", "size"});
  auto curves = std::make_shared<recorded_curves>(plan.search().space, options);
  record::trial_created made;
  made.trial = trial_id{1};
  made.values = {{"x", 0.5}};
  curves->on_record(made);
  for (iteration_number i = 1; i <= 4; ++i) {
    record::result_reported counted;
    counted.trial = trial_id{1};
    counted.iteration = i;
    counted.values = {{"loss", 1.0 / static_cast<double>(i)}, {"size", 1}};
    counted.time_this_iteration_s = 10;
    curves->on_record(counted);
  }
  REQUIRE(curves->finish());
  plan.use_recorded(curves);

  CHECK(plan.iterations() == 4);
  CHECK(plan.mistakes() == lines{});
  CHECK(plan.notes() == lines{});
  const auto found = plan.run(1);
  CHECK(found.terminated == 4);
  CHECK(found.results == 16);
  CHECK(found.best == 0.25);
  CHECK(found.time == 40s + 20ms);
}
