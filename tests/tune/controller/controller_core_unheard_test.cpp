#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

// What attempts told when their driver was gone, heard by the next one.

using namespace tune;
using namespace std::chrono_literals;
using virtual_tune::virtual_experiment;

namespace {

const attempt_alive alive{"node-1", "host-1", "10.0.0.1", 100, true, "/t"};

checkpoint_ref checkpoint_of(iteration_number iteration) {
  return {iteration, 1, "node-1", "/t/checkpoint_" + std::to_string(iteration) + ".attempt-1", true, 1};
}

attempt_report report(iteration_number iteration, bool with_checkpoint = false) {
  attempt_report r;
  r.iteration = iteration;
  r.values = {{"accuracy", 0.5}};
  if (with_checkpoint)
    r.checkpoint = checkpoint_of(iteration);
  return r;
}

attempt_over over(end_cause cause, std::optional<iteration_number> checkpoint = {}) {
  attempt_over o{{cause, ""}, std::nullopt, ""};
  if (checkpoint)
    o.checkpoint = checkpoint_of(*checkpoint);
  return o;
}

std::vector<iteration_number> iterations(const virtual_experiment& x) {
  std::vector<iteration_number> all;
  for (const auto& each : x.all<record::result_reported>())
    all.push_back(each.iteration);
  return all;
}

/// One trial, of whose attempt the journal has two iterations.
void run_two(virtual_experiment& x) {
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.report(1);
  x.sync();
}

using numbers = std::vector<iteration_number>;

} // namespace

TEST_CASE("controller: what no driver heard is counted once by the next, which goes on from its checkpoint (I2)") {
  virtual_experiment x(virtual_experiment::options(1));
  run_two(x);

  x.crash_and_reopen(1, {alive, report(2), report(3), report(4), over(end_cause::paused, 4)});

  CHECK(iterations(x) == numbers{1, 2, 3, 4});
  const auto ends = x.all<record::attempt_ended>();
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].end.cause == end_cause::driver_lost);
  REQUIRE(x.attempts.size() == 1);
  const auto& next = x.attempts.at(trial_id{1});
  CHECK(next.attempt == 2);
  REQUIRE(next.restore);
  CHECK(next.restore->iteration == 4);
}

TEST_CASE("controller: what no driver heard is heard when not even the attempt's place was written") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.sync();

  x.crash_and_reopen(1, {alive, report(1, /*with_checkpoint=*/true), over(end_cause::paused)});

  CHECK(iterations(x) == numbers{1});
  CHECK(x.all<record::attempt_placed>().size() == 1);
  REQUIRE(x.attempts.at(trial_id{1}).restore);
}

TEST_CASE("controller: an attempt that came to its end unheard has come to it") {
  virtual_experiment x(virtual_experiment::options(1));
  run_two(x);

  SUBCASE("finished") {
    x.crash_and_reopen(1, {alive, report(3), over(end_cause::finished)});
    CHECK(x.state_of(1) == trial_state::terminated);
  }
  SUBCASE("failed") {
    x.crash_and_reopen(1, {alive, report(3), over(end_cause::threw)});
    CHECK(x.state_of(1) == trial_state::error);
  }
  CHECK(iterations(x) == numbers{1, 2, 3});
  CHECK(x.attempts.empty());
}

TEST_CASE("controller: of what no driver heard, another attempt's and what follows a gap are dropped (I3)") {
  virtual_experiment x(virtual_experiment::options(1));
  run_two(x);

  SUBCASE("another attempt") {
    x.crash_and_reopen(1, {alive, report(3), over(end_cause::finished)}, /*of=*/2);
    CHECK(iterations(x) == numbers{1, 2});
  }
  SUBCASE("a gap") {
    x.crash_and_reopen(1, {alive, report(3), report(5), over(end_cause::finished)});
    CHECK(iterations(x) == numbers{1, 2, 3});
  }
  CHECK(x.killed.empty());
  CHECK(x.attempts.at(trial_id{1}).attempt == 2);
}

TEST_CASE("controller: what was heard is not heard again, should the driver that heard it be lost, too") {
  virtual_experiment x(virtual_experiment::options(1));
  run_two(x);
  const attempt_events left = {alive, report(3), report(4, /*with_checkpoint=*/true), over(end_cause::paused)};
  x.crash_and_reopen(1, left);

  SUBCASE("nothing of it was on disk") {}
  SUBCASE("half of it was") { x.sync_to(x.written.size() - 3); }
  SUBCASE("all of it was") { x.sync(); }
  x.crash_and_reopen(1, left);

  CHECK(iterations(x) == numbers{1, 2, 3, 4});
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 4);
}

TEST_CASE(
  "controller: that an attempt of an earlier driver was placed, as it is heard now, says nothing of this one's") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);

  x.crash_and_reopen(1, {alive, report(1)});
  CHECK(iterations(x) == numbers{1});
  x.over(1, end_cause::infeasible, "gpu=1 fits on no node");
  x.sync();

  REQUIRE(x.ended);
  CHECK(x.ended->failed);
}
