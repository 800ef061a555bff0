#include "tests/tune/controller/virtual_experiment.hpp"

#include "tune/scheduler/fifo.hpp"
#include "tune/schedulers.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

// Trials whose resources change while they run.

namespace {

std::unique_ptr<scheduler> changing_each(iteration_number interval) {
  resource_changing_options options;
  options.interval = interval;
  return resource_changing(options).make({7, direction::maximize});
}

/// So many trials run on one node with four places, each with one result and its checkpoint.
virtual_experiment running(std::uint64_t trials, controller_options options, iteration_number interval = 2) {
  options.trials = trials;
  virtual_experiment x(options, 1000, {}, std::nullopt, [interval] { return changing_each(interval); });
  x.room.parts = {{"node-1", 4}};
  x.begin(4);
  for (std::uint64_t trial = 1; trial <= trials; ++trial) {
    x.alive(trial);
    x.report(trial, 0.5, /*checkpoint=*/true);
  }
  x.sync();
  return x;
}

virtual_experiment running(std::uint64_t trials, iteration_number interval = 2) {
  return running(trials, virtual_experiment::options(trials), interval);
}

/// The next result of one that is told to save then, as it is to have another size.
void report_last(virtual_experiment& x, std::uint64_t trial) {
  x.report(trial, 0.5, /*checkpoint=*/true);
  x.sync();
  REQUIRE(x.attempts.at(trial_id{trial}).told == attempt_answer::pause);
}

void finish(virtual_experiment& x, std::uint64_t trial) {
  x.report(trial, 0.5, /*checkpoint=*/true, /*done=*/true);
  x.sync();
  x.over(trial, end_cause::finished);
  x.sync();
}

/// Alone on four places, told to save after its second result.
virtual_experiment growing(controller_options options = virtual_experiment::options(1)) {
  auto x = running(1, std::move(options));
  report_last(x, 1);
  return x;
}

std::vector<trial_size> sizes_of(const virtual_experiment& x, std::uint64_t trial) {
  std::vector<trial_size> sizes;
  for (const auto& each : x.all<record::trial_resized>())
    if (each.trial.value == trial)
      sizes.push_back(each.size);
  return sizes;
}

std::vector<iteration_number> results_of(const virtual_experiment& x, std::uint64_t trial) {
  std::vector<iteration_number> iterations;
  for (const auto& each : x.all<record::result_reported>())
    if (each.trial.value == trial)
      iterations.push_back(each.iteration);
  return iterations;
}

virtual_experiment::running& attempt_of(virtual_experiment& x, std::uint64_t trial) {
  return x.attempts.at(trial_id{trial});
}

/// It waits in vain for what it is to have.
void refuse(virtual_experiment& x, std::uint64_t trial) {
  x.pass(5s);
  REQUIRE(attempt_of(x, trial).is_withdrawn);
  x.over(trial, end_cause::stopped, "they were not granted within 5 s");
  x.sync();
}

} // namespace

TEST_CASE("controller, resources: what one that ends had goes to the other, which goes on from its checkpoint") {
  auto x = running(2, /*interval=*/2);
  report_last(x, 1); // Half of the node each.
  x.over(1, end_cause::paused);
  CHECK(attempt_of(x, 1).where.size == 2);
  CHECK(attempt_of(x, 1).restore->iteration == 2);
  CHECK(x.state_of(1) == trial_state::pending);
  report_last(x, 2);
  x.over(2, end_cause::paused);
  x.alive(1);
  x.alive(2);

  finish(x, 2);
  x.report(1);
  x.sync();
  CHECK(attempt_of(x, 1).told == attempt_answer::go_on); // It has just got what it has.
  report_last(x, 1);
  x.over(1, end_cause::paused);
  CHECK(attempt_of(x, 1).where.size == 4);
  CHECK(attempt_of(x, 1).attempt == 3);
  CHECK(attempt_of(x, 1).restore->iteration == 4);
  x.alive(1);
  finish(x, 1);

  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(sizes_of(x, 1) == std::vector<trial_size>{2, 4});
  CHECK(x.all<record::trial_resized>().back().reason ==
        "1 trial has 4 places on 1 node: 4 instead of 2 times its resources");
  CHECK(results_of(x, 1) == std::vector<iteration_number>{1, 2, 3, 4, 5}); // I2
  CHECK(x.search->paused.empty());                                         // It says nothing about the trial.
}

TEST_CASE("controller, resources: one that has saved nothing is left alone, as it would begin anew") {
  virtual_experiment x(virtual_experiment::options(1), 1000, {}, std::nullopt, [] { return changing_each(1); });
  x.room.parts = {{"node-1", 4}};
  x.begin(4);
  x.alive(1);
  for (int i = 0; i < 3; ++i) {
    x.report(1);
    x.sync();
    CHECK(attempt_of(x, 1).told == attempt_answer::go_on);
  }
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  CHECK(attempt_of(x, 1).told == attempt_answer::pause);
}

TEST_CASE("controller, resources: what trials that are still to come will need is not given away") {
  auto options = virtual_experiment::options(8);
  SUBCASE("they will need all") {
  }
  SUBCASE("only two may run at once, so there is room for two each") {
    options.max_concurrent_trials = 2;
  }
  virtual_experiment x(options, 1000, {}, std::nullopt, [] { return changing_each(1); });
  x.room.parts = {{"node-1", 4}};
  x.begin(4);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  CHECK(sizes_of(x, 1) ==
        (options.max_concurrent_trials == 0 ? std::vector<trial_size>{} : std::vector<trial_size>{2}));
}

TEST_CASE("controller, resources: what a trial has too much comes back when another one waits") {
  auto x = running(2, /*interval=*/1);
  CHECK(x.pause(2) == ""); // Both have been told to save, as each is to have half.
  x.over(2, end_cause::paused);
  REQUIRE(x.state_of(2) == trial_state::paused);
  x.over(1, end_cause::paused);
  x.alive(1);
  report_last(x, 1);
  x.over(1, end_cause::paused);
  x.alive(1);
  REQUIRE(attempt_of(x, 1).where.size == 4);

  CHECK(x.resume(2) == "");
  CHECK(attempt_of(x, 2).where.size == 2);
  report_last(x, 1);
  x.over(1, end_cause::paused);
  CHECK(attempt_of(x, 1).where.size == 2);
  CHECK(x.all<record::trial_resized>().back().reason ==
        "2 trials have 4 places on 1 node: 2 instead of 4 times its resources");
}

TEST_CASE("controller, resources: one that fails while it is resized has failed, and goes on with the new size") {
  auto options = virtual_experiment::options(1);
  options.failures.max_failures = 1;
  auto x = growing(options);
  SUBCASE("its worker crashes") {
    x.over(1, end_cause::crashed, "signal 11");
  }
  SUBCASE("its node is lost") {
    x.over(1, end_cause::lost);
  }
  x.pass(1s);
  CHECK(attempt_of(x, 1).where.size == 4);
  CHECK(attempt_of(x, 1).restore->iteration == 2);
  x.alive(1);
  finish(x, 1);
  CHECK(x.state_of(1) == trial_state::terminated);
}

TEST_CASE("controller, resources: to be resized is no failure, not even for one that does not save in time") {
  auto x = growing(); // max_failures is 0.
  x.pass(10s);
  REQUIRE(x.killed.size() == 1);
  CHECK(x.killed[0].second == "it was told to end and did not within 10 s");
  x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");
  CHECK(x.all<record::attempt_ended>().back().end.cause == end_cause::paused);
  CHECK(attempt_of(x, 1).where.size == 4);
  CHECK(x.core->lives().at(trial_id{1}).budget.failures() == 0);
}

TEST_CASE("controller, resources: who is not granted the larger size in time goes on with the one that it had") {
  auto x = growing();
  x.over(1, end_cause::paused);
  x.sync();
  x.pass(4'999ms);
  CHECK_FALSE(attempt_of(x, 1).is_withdrawn);
  x.pass(1ms);
  CHECK(attempt_of(x, 1).is_withdrawn);
  CHECK(x.killed.empty()); // It may have begun by now: then nothing happens to it.
  x.over(1, end_cause::stopped, "they were not granted within 5 s");

  CHECK(attempt_of(x, 1).where.size == 1);
  CHECK(attempt_of(x, 1).attempt == 3);
  CHECK(attempt_of(x, 1).restore->iteration == 2);
  CHECK(x.all<record::trial_resized>().back().reason ==
        "1 instead of 4 times its resources: they were not granted within 5 s");
  x.pass(60s);
  CHECK_FALSE(attempt_of(x, 1).is_withdrawn); // For what it declares a trial waits as long as it takes.
  x.alive(1);
  for (int i = 0; i < 3; ++i) { // Twice as long as before.
    x.report(1);
    x.sync();
    CHECK(attempt_of(x, 1).told == attempt_answer::go_on);
  }
  report_last(x, 1);
}

TEST_CASE("controller, resources: whose larger size came just in time keeps it") {
  auto x = growing();
  x.over(1, end_cause::paused);
  x.sync();
  x.pass(5s);
  REQUIRE(attempt_of(x, 1).is_withdrawn);
  x.alive(1);
  finish(x, 1);
  CHECK(sizes_of(x, 1) == std::vector<trial_size>{4});
  CHECK(x.state_of(1) == trial_state::terminated);
}

TEST_CASE("controller, resources: a size between is tried before that of the declaration") {
  auto x = running(2, /*interval=*/2);
  report_last(x, 1);
  x.over(1, end_cause::paused);
  x.alive(1);
  finish(x, 2);
  x.report(1);
  x.sync();
  report_last(x, 1);
  x.over(1, end_cause::paused);
  x.sync();
  REQUIRE(attempt_of(x, 1).where.size == 4);
  refuse(x, 1);
  CHECK(attempt_of(x, 1).where.size == 2);
  refuse(x, 1);
  CHECK(attempt_of(x, 1).where.size == 1);
}

TEST_CASE("controller, resources: what fits on no node any more is no end of the experiment") {
  auto x = growing();
  x.over(1, end_cause::paused);
  CHECK_FALSE(attempt_of(x, 1).where.waits_for_node);
  x.over(1, end_cause::infeasible, "resources: cpu=4 fits on no node");
  CHECK(attempt_of(x, 1).where.size == 1);
  CHECK(attempt_of(x, 1).where.waits_for_node);
  CHECK(x.all<record::attempt_ended>().back().end.cause == end_cause::stopped); // No failure.
  x.alive(1);
  finish(x, 1);
  CHECK(x.state_of(1) == trial_state::terminated);
}

TEST_CASE("controller, resources: one whose node is lost asks for what there is now") {
  auto x = growing();
  x.over(1, end_cause::paused);
  x.alive(1);
  x.holds(2, {{{"node-2", 2}}, false});
  x.over(1, end_cause::lost);
  x.pass(1s);
  CHECK(attempt_of(x, 1).where.size == 2);
  CHECK(x.all<record::trial_resized>().back().reason ==
        "1 trial has 2 places on 1 node: 2 instead of 4 times its resources");
}

TEST_CASE("controller, resources: what the user wants of a trial that is resized goes before") {
  auto x = growing();
  SUBCASE("a pause, and to go on") {
    CHECK(x.pause(1) == "");
    x.over(1, end_cause::paused);
    CHECK(x.state_of(1) == trial_state::paused);
    CHECK(x.resume(1) == "");
    CHECK(attempt_of(x, 1).where.size == 4);
    CHECK(x.pause(1) == ""); // Now while it waits for that.
    x.over(1, end_cause::stopped, "it had not begun");
    CHECK(x.state_of(1) == trial_state::paused);
    CHECK(sizes_of(x, 1) == std::vector<trial_size>{4});
  }
  SUBCASE("a stop") {
    CHECK(x.stop(1) == "");
    x.over(1, end_cause::paused);
    CHECK(x.state_of(1) == trial_state::stopped);
    CHECK(x.ended);
  }
}

TEST_CASE("controller, resources: one that is done while it is to be resized is done") {
  auto x = running(1);
  x.report(1, 0.5, /*checkpoint=*/true); // It goes on for an iteration before it hears of it.
  REQUIRE(sizes_of(x, 1) == std::vector<trial_size>{4});
  x.sync();
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/true);
  x.sync();
  x.over(1, end_cause::finished);
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.ended);
}

TEST_CASE("controller, resources: one that ends with its result is not resized any more") {
  auto x = running(1);
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/true);
  x.sync();
  CHECK(attempt_of(x, 1).told == attempt_answer::stop);
  CHECK(sizes_of(x, 1).empty());
}

TEST_CASE("controller, resources: one that waits to be tried again has no place on the node where it was") {
  virtual_experiment x(virtual_experiment::options(2), 1000, {}, std::nullopt, [] {
    resource_changing_options options;
    options.interval = 1;
    options.allocate = resource_changing_options::allocation::top_trial;
    return resource_changing(options).make({7, direction::maximize});
  });
  x.room.parts = {{"node-1", 3}, {"node-2", 4}};
  x.begin(7);
  x.alive(1, "node-1");
  x.alive(2, "node-2");
  x.over(2, end_cause::lost); // It may get one of the three of node-1.
  x.report(1, 0.5, /*checkpoint=*/true);
  CHECK(sizes_of(x, 1) == std::vector<trial_size>{4});
}

TEST_CASE("controller, resources: after an interruption a later driver goes on with the new size") {
  auto x = growing();
  x.interrupt();
  x.over(1, end_cause::paused);
  x.sync();
  REQUIRE(x.ended);
  CHECK_FALSE(x.ended->complete);
  x.crash_and_reopen(4);
  CHECK(x.core->replay_differences() == 0);
  CHECK(attempt_of(x, 1).where.size == 4);
  CHECK(attempt_of(x, 1).restore->iteration == 2);
}

TEST_CASE("controller, resources: a driver that is killed while a trial is resized is followed by one that knows it") {
  auto x = growing();
  SUBCASE("before it has saved") {
  }
  SUBCASE("while it waits") {
    x.over(1, end_cause::paused);
    x.sync();
  }
  SUBCASE("when it was refused, but that is not written any more") {
    x.over(1, end_cause::paused);
    x.sync();
    x.pass(5s);
    x.syncs_starts = false;
    x.over(1, end_cause::stopped, "they were not granted within 5 s");
    x.sync_to(x.written.size() - 2); // Up to that its attempt has ended.
    REQUIRE(std::holds_alternative<record::attempt_ended>(x.written[x.durable - 1]));
    x.crash_and_reopen(4);
    x.sync();
    CHECK(attempt_of(x, 1).where.size == 1);
    return;
  }
  x.crash_and_reopen(4);
  CHECK(x.core->replay_differences() == 0);
  CHECK(attempt_of(x, 1).where.size == 4);
  x.alive(1);
  finish(x, 1);
  CHECK(results_of(x, 1) == std::vector<iteration_number>{1, 2, 3});
}

TEST_CASE("controller, resources: without such a scheduler a later driver gives each trial what it declares") {
  auto x = growing();
  x.schedule_with([] { return std::make_unique<fifo_scheduler>(); });
  x.crash_and_reopen(4);
  CHECK(attempt_of(x, 1).where.size == 1);
  CHECK(x.all<record::trial_resized>().back().reason == "its scheduler changes no resources any more");
}

TEST_CASE("controller, resources: a decision that comes out otherwise when it is read again is counted (I6)") {
  auto x = growing();
  for (auto& each : x.written)
    if (auto* resized = std::get_if<record::trial_resized>(&each))
      resized->from->cluster.parts = {{"node-1", 3}};
  x.crash_and_reopen(4);
  CHECK(x.core->replay_differences() == 1);
  CHECK(attempt_of(x, 1).where.size == 4); // It holds all the same.
}

TEST_CASE("controller, resources: a record that cannot be is no journal") {
  virtual_experiment x(virtual_experiment::options(1));
  REQUIRE(x.core->on_replay(record::experiment_begun{"7f3a91c2", "x", "", 0, 1, {}}));
  const auto refused = x.core->on_replay(record::trial_resized{trial_id{1}, 0, 2, "why", {}, std::nullopt});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the journal does not fit: trial 1: it gets other resources as it cannot");
}
