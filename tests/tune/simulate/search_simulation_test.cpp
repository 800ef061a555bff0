#include "tune/simulate/search_simulation.hpp"

#include "tune/scheduler/fifo.hpp"
#include "tune/schedulers.hpp"
#include "tune/searchers.hpp"
#include "tune/simulate/invented_curves.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr auto second = std::chrono::nanoseconds(1s);

const search_space line = {{"x", uniform(0, 1)}};

/// A search whose trials are all alike: each iteration takes a second, and nothing else takes any time.
struct search_for_test {
  std::uint64_t trials = 4;
  iteration_number iterations = 3;
  std::string iteration_time = "1s";
  scheduler_choice scheduler = fifo();
  simulated_search what;
  simulated_nodes_options cluster;

  search_for_test() {
    what.start_time = {};
    what.checkpoints.every = 1;
    cluster.nodes = {{1, runtime::cpus(2)}};
    cluster.wants = runtime::cpus(1);
  }

  /// It may run again, with what is set anew: on_report is used up.
  simulated_outcome run(std::uint64_t seed = 1) {
    what.controller.id = "00000000";
    what.controller.seed = what.seed = cluster.seed = seed;
    what.controller.trials = what.controller.samples = trials;
    what.controller.objectives = {minimize("loss")};
    what.searcher = random_search().make({line, seed, trials, 0, 1});
    what.scheduler = scheduler.make({seed, direction::minimize, std::make_shared<const search_space>(line)});
    invented_curves_options curves;
    curves.objectives = what.controller.objectives;
    curves.iterations = iterations;
    curves.iteration_time = or_throw(time_law::parse(iteration_time));
    what.model = std::make_shared<invented_curves>(line, curves);
    return search_simulation(std::move(what), cluster).run();
  }
};

bool is_same(const simulated_outcome& a, const simulated_outcome& b) {
  return a.time == b.time && a.why == b.why && a.results == b.results && a.best == b.best &&
         a.time_to_best == b.time_to_best && a.utilisation == b.utilisation && a.node_failures == b.node_failures &&
         a.lost_attempts == b.lost_attempts && a.lost_time == b.lost_time && a.stopped == b.stopped;
}

} // namespace

TEST_CASE("search simulation: trials run side by side as far as they fit, one wave after the other") {
  search_for_test search;

  const auto found = search.run();

  CHECK(found.has_ended);
  CHECK(found.why == "finished");
  CHECK(found.time == 6 * second); // Two waves of three.
  CHECK(found.places == 2);
  CHECK(found.created == 4);
  CHECK(found.terminated == 4);
  CHECK(found.results == 12);
  CHECK(found.utilisation == doctest::Approx(1));
  CHECK(found.lost_attempts + found.failed_attempts + found.restarts + found.pauses + found.node_failures == 0);
}

TEST_CASE("search simulation: a worker is started for each lease, and serves several short trials") {
  search_for_test one_each;
  one_each.what.start_time = time_law(20ms);
  CHECK(one_each.run().time == 6 * second + 40ms); // A trial is longer than a runner's slice of a second.

  search_for_test short_ones;
  short_ones.what.start_time = time_law(20ms);
  short_ones.trials = 20;
  short_ones.iterations = 1;
  short_ones.iteration_time = "100ms";
  short_ones.cluster.nodes = {{1, runtime::cpus(1)}};
  CHECK(short_ones.run().time == 2 * second + 40ms); // Ten trials each.

  short_ones.what.pool.slice = 0s;
  CHECK(short_ones.run().time == 2 * second + 400ms);
}

TEST_CASE("search simulation: checkpoints take their time") {
  search_for_test search;
  search.what.checkpoint_time = time_law(500ms);
  CHECK(search.run().time == 9 * second);

  search_for_test without;
  without.what.checkpoint_time = time_law(500ms);
  without.what.can_save = false;
  CHECK(without.run().time == 6 * second);
}

TEST_CASE("search simulation: each iteration counts once, however nodes fail") {
  for (const bool can_save : {true, false}) {
    search_for_test search;
    search.trials = 40;
    search.iterations = 20;
    search.cluster.nodes = {{4, runtime::cpus(2)}};
    search.cluster.mean_time_between_failures = 60s;
    search.cluster.repair_time = or_throw(time_law::parse("uniform:10s,60s"));
    search.what.can_save = can_save;
    std::map<trial_id, std::set<iteration_number>> counted;
    search.what.on_report = [&](trial_id trial, const attempt_report& report, std::chrono::nanoseconds) {
      counted[trial].insert(report.iteration);
      return true;
    };

    const auto found = search.run();

    CHECK(found.has_ended);
    CHECK(found.terminated == 40);
    CHECK(found.results == 40 * 20);
    CHECK(counted.size() == 40);
    CHECK(found.node_failures > 0);
    CHECK(found.lost_attempts > 0);
    CHECK(found.restarts == found.lost_attempts);
    CHECK(found.time > 100 * second); // Without failures.
    CHECK(found.utilisation <= 1 + 1e-9);
    CHECK((found.lost_iterations > 0) == !can_save); // A checkpoint is written after each iteration.
    CHECK(found.lost_time > 0s);
  }
}

TEST_CASE("search simulation: a worker that was starting when its node failed begins nothing") {
  std::size_t storms = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    search_for_test search;
    search.trials = 1;
    search.iterations = 1;
    search.what.start_time = time_law(30s);
    search.cluster.nodes = {{1, runtime::cpus(1)}};
    search.cluster.mean_time_between_failures = 20s;
    search.cluster.detection_time = 1000s;

    const auto found = search.run(seed);

    storms += found.node_failures > 0 ? 1 : 0;
    CHECK((found.node_failures > 0) == (found.time > 1000 * second));
    CHECK((found.node_failures > 0 || found.time == 31 * second));
  }
  CHECK(storms > 0);
  CHECK(storms < 20);
}

TEST_CASE("search simulation: trials that fail are tried again as often as they may") {
  search_for_test search;
  search.what.failure_chance = 1;
  const auto none = search.run();
  CHECK(none.errors == 4);
  CHECK(none.failed_attempts == 4);
  CHECK(none.restarts == 0);

  search.what.failure_chance = 1;
  search.what.controller.failures.max_failures = 2;
  const auto found = search.run();
  CHECK(found.errors == 4);
  CHECK(found.failed_attempts == 12);
  CHECK(found.restarts == 8);
  CHECK(found.results == 0);
  CHECK(!found.best);
  CHECK(found.lost_time == 12 * second);
}

TEST_CASE("search simulation: a scheduler stops trials early, and the search is through sooner") {
  search_for_test all;
  all.trials = 60;
  all.iterations = 27;
  const auto without = all.run();
  search_for_test some;
  some.trials = 60;
  some.iterations = 27;
  some.scheduler = asha({/*max_t=*/27, /*grace_period=*/1, /*reduction_factor=*/3});

  const auto found = some.run();

  CHECK(without.time == 30 * 27 * second);
  CHECK(found.stopped > 30);
  CHECK(found.stopped + found.terminated == 60);
  CHECK(found.time < without.time / 2);
  CHECK(*found.best < *without.best + 0.1);
  CHECK(*found.time_to_best <= found.time);
}

TEST_CASE("search simulation: trials pause and go on from where they were") {
  search_for_test search;
  search.trials = 30;
  search.iterations = 9;
  hyperband_options brackets;
  brackets.max_t = 9;
  brackets.type = hyperband_options::variant::synchronous;
  search.scheduler = hyperband(brackets);
  std::map<trial_id, iteration_number> last;
  bool is_in_order = true;
  search.what.on_report = [&](trial_id trial, const attempt_report& report, std::chrono::nanoseconds) {
    is_in_order = is_in_order && report.iteration == ++last[trial];
    return true;
  };

  const auto found = search.run();

  CHECK(found.has_ended);
  CHECK(found.pauses > 5);
  CHECK(is_in_order);
  CHECK(found.restarts == 0);
  CHECK(found.stopped + found.terminated == 30);
}

TEST_CASE("search simulation: what fits on no node is the error that it would be") {
  search_for_test search;
  search.cluster.wants = runtime::cpus(3);

  const auto found = search.run();

  CHECK(found.has_failed);
  CHECK(found.why.find("resources: cpu=3 fits on no node") == 0);
}

TEST_CASE("search simulation: nodes of several kinds") {
  search_for_test search;
  search.cluster.nodes = {{2, or_throw(runtime::resource_set::parse("cpu=8,gpu=1"))}, {10, runtime::cpus(64)}};
  search.cluster.wants = or_throw(runtime::resource_set::parse("cpu=1,gpu=0.5"));

  const auto found = search.run();

  CHECK(found.places == 4);
  CHECK(found.time == 3 * second);
}

TEST_CASE("search simulation: a time budget, and a limit of trials at once") {
  search_for_test search;
  search.what.controller.time_budget = 5s;
  const auto cut = search.run();
  CHECK(cut.has_ended);
  CHECK(cut.time <= 6 * second);
  CHECK(cut.terminated == 2);
  CHECK(cut.why == "its time budget of 5 s is over");

  search_for_test alone;
  alone.what.controller.max_concurrent_trials = 1;
  const auto found = alone.run();
  CHECK(found.time == 12 * second);
  CHECK(found.utilisation == doctest::Approx(0.5));
}

TEST_CASE("search simulation: trials that are lost again and again get nowhere, and are given up as real ones are") {
  search_for_test search;
  search.iterations = 1000;
  search.what.can_save = false;
  search.cluster.mean_time_between_failures = 20s;

  const auto found = search.run();

  CHECK(found.has_ended);
  CHECK(found.errors == 4);
  CHECK(found.lost_attempts >= 4 * 5);
}

TEST_CASE("search simulation: what comes to no end is given up, and says so") {
  search_for_test busy;
  busy.what.most_iterations = 10;
  const auto endless = busy.run();
  CHECK(!endless.has_ended);
  CHECK(endless.why == "it had not ended after 10 iterations, most of which were done again and again");
  CHECK(endless.results == 10);

  search_for_test failing;
  failing.what.failure_chance = 1;
  failing.what.controller.failures.max_failures = -1;
  failing.what.most_iterations = 100;
  const auto vain = failing.run();
  CHECK(!vain.has_ended);
  CHECK(vain.failed_attempts == 100);

  search_for_test slow;
  slow.what.longest = 5s;
  const auto late = slow.run();
  CHECK(!late.has_ended);
  CHECK(late.time == 5 * second);
  CHECK(late.why == "it had not ended after 5.78704e-05 days");
}

TEST_CASE("search simulation: the best and the target are told with their times") {
  search_for_test search;
  search.iterations = 50;
  search.what.target = 2.0; // Any loss is less.
  const auto found = search.run();
  CHECK(found.time_to_target == second);
  CHECK(*found.time_to_best > second);

  search.what.target = -1;
  CHECK(!search.run().time_to_target);
}

TEST_CASE("search simulation: the same seed is the same search, another one another (I6)") {
  search_for_test search;
  const auto storm = [&](std::uint64_t seed) {
    search.trials = 50;
    search.iterations = 27;
    search.iteration_time = "lognormal:1s,0.5";
    search.scheduler = asha({/*max_t=*/27, /*grace_period=*/1, /*reduction_factor=*/3});
    search.cluster.nodes = {{5, runtime::cpus(2)}};
    search.cluster.mean_time_between_failures = 30s;
    search.cluster.repair_time = or_throw(time_law::parse("exponential:20s"));
    search.what.failure_chance = 0.01;
    search.what.controller.failures.max_failures = 1;
    search.what.checkpoint_time = or_throw(time_law::parse("exponential:1s"));
    return search.run(seed);
  };

  CHECK(is_same(storm(1), storm(1)));
  CHECK(!is_same(storm(1), storm(2)));
}
