#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

// What a trial keeps of what it did, when its attempts, its node or the room for it are lost.

using namespace tune;
using namespace std::chrono_literals;
using virtual_tune::virtual_experiment;

TEST_CASE("controller: what an attempt did before the kill reached it counts, and is not done again (I2)") {
  auto options = virtual_experiment::options(1);
  options.step_deadline = 10s;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.pass(11s);
  REQUIRE(x.killed.size() == 1);

  x.report(1);
  x.report(1);
  SUBCASE("it had finished") {
    x.over(1, end_cause::finished);
    CHECK(x.state_of(1) == trial_state::terminated);
  }
  SUBCASE("the kill came first") {
    x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");
    CHECK(x.state_of(1) == trial_state::error);
    CHECK(x.reason_of(1) == "iteration 2 took longer than its deadline of 10 s");
  }
  CHECK(x.all<record::result_reported>().size() == 3);
}

TEST_CASE("controller: where nothing fits, trials stay as they are, and the same command goes on with them") {
  virtual_experiment x(virtual_experiment::options(5));
  x.begin(2);
  for (const auto& each : std::map(x.attempts))
    if (x.attempts.count(each.first) != 0)
      x.over(each.first.value, end_cause::infeasible, "gpu=1 fits on no node");
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.ended->failed);
  CHECK_FALSE(x.ended->complete);
  CHECK(x.ended->why == "gpu=1 fits on no node");
  CHECK(x.all<record::trial_changed>().empty());

  x.crash_and_reopen(5);
  CHECK(x.attempts.count(trial_id{1}) == 1);
  for (std::uint64_t trial = 1; trial <= 5; ++trial) {
    x.alive(trial);
    x.over(trial, end_cause::finished);
  }
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK_FALSE(x.ended->failed);
}

TEST_CASE("controller: what has fit before and fits no more waits for its node to come back") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).where.waits_for_node); // It may be a mistake.
  x.alive(1);
  x.over(1, end_cause::lost);
  x.pass(50ms);
  x.over(1, end_cause::infeasible, "cpu=1 fits on no node");
  CHECK_FALSE(x.ended);
  x.pass(0ms);
  REQUIRE(x.attempts.size() == 1);
  CHECK(x.attempts.at(trial_id{1}).where.waits_for_node);
}

TEST_CASE("controller: a checkpoint that is written again has the loss and the time of its own iteration") {
  auto options = virtual_experiment::options(1);
  options.checkpoints_kept = 1;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  for (const double accuracy : {0.8, 0.9}) {
    x.report(1, accuracy);
    x.sync();
  }
  x.over(1, end_cause::lost);
  x.pass(50ms);
  CHECK(x.attempts.at(trial_id{1}).time_total_s == x.all<record::result_reported>().at(0).time_total_s);

  x.alive(1);
  x.report(1, 0.8, /*checkpoint=*/true); // Iteration 2 once more.
  x.sync();
  const auto saved = x.all<record::checkpoint_saved>();
  REQUIRE(saved.size() == 1);
  REQUIRE(saved[0].result);
  CHECK(saved[0].result->loss == -0.8);
  x.over(1, end_cause::lost);
  x.pass(1h);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
  CHECK(x.attempts.at(trial_id{1}).time_total_s == saved[0].result->time_total_s);
}

TEST_CASE("controller: that something has fit for an earlier driver says nothing about what is wanted now") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.sync();

  x.crash_and_reopen(1);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).where.waits_for_node);
  x.over(1, end_cause::infeasible, "gpu=1 fits on no node");
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.ended->failed);
}

TEST_CASE("controller: a node that an attempt never reached is not avoided because of it") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.sync();
  x.crash_and_reopen(1); // Its node was well.
  x.over(1, end_cause::not_started, "the worker did not register");
  x.pass(1h);

  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).where.avoid_node.empty());
}
