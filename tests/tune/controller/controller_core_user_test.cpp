#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

// What the user wants of single trials.

namespace {

/// With these trials running, each with one result and a checkpoint of it.
virtual_experiment running(std::uint64_t trials, std::size_t at_once = 0, scripted_scheduler::script decide = {}) {
  auto options = virtual_experiment::options(trials);
  options.max_concurrent_trials = at_once;
  options.step_deadline = 1h;
  virtual_experiment x(options, 1000, std::move(decide));
  x.begin(trials);
  for (const auto& each : std::map(x.attempts)) {
    x.alive(each.first.value);
    x.report(each.first.value, 0.5, /*checkpoint=*/true);
  }
  x.sync();
  return x;
}

void finish(virtual_experiment& x, std::uint64_t trial) {
  x.report(trial, 0.5, /*checkpoint=*/false, /*done=*/true);
  x.sync();
  x.over(trial, end_cause::finished);
  x.sync();
}

/// What the journal says of the trial's last change.
record::trial_changed last_change(const virtual_experiment& x, std::uint64_t trial) {
  record::trial_changed last;
  for (const auto& each : x.all<record::trial_changed>())
    if (each.trial.value == trial)
      last = each;
  return last;
}

} // namespace

TEST_CASE("controller: a trial that its user stops ends at its next report, and the others go on") {
  auto x = running(2);

  CHECK(x.stop(1) == "");
  CHECK(x.stop(1) == "trial 1 is ending: the user says so");
  x.report(1);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::stop);
  x.over(1, end_cause::stopped);
  finish(x, 2);

  CHECK(x.state_of(1) == trial_state::stopped);
  CHECK(x.reason_of(1) == "the user says so");
  CHECK(last_change(x, 1).by_user);
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(x.killed.empty());
}

TEST_CASE("controller: one that is stopped and does not report within 10 s is killed, and has been stopped") {
  auto x = running(1);
  x.stop(1);
  x.pass(9'999ms);
  CHECK(x.killed.empty());
  x.pass(1ms);
  REQUIRE(x.killed.size() == 1);
  CHECK(x.killed[0].second == "it did not report within 10 s of being stopped");
  x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");

  CHECK(x.state_of(1) == trial_state::stopped);
}

TEST_CASE("controller: a trial that waits for its place can be stopped, too") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);

  x.stop(1);

  REQUIRE(x.killed.size() == 1);
  x.over(1, end_cause::stopped, "it had not begun");
  CHECK(x.state_of(1) == trial_state::stopped);
  CHECK(x.ended);
}

TEST_CASE("controller: what cannot be is refused with the reason") {
  auto x = running(3);
  finish(x, 3);

  CHECK(x.stop(7) == "there is no trial 7; so far there are 3");
  CHECK(x.pause(3) == "trial 3 has ended");
  CHECK(x.resume(1) == "trial 1 is running, not paused");
  x.report(2, 0.5, /*checkpoint=*/false, /*done=*/true);
  CHECK(x.pause(2) == "trial 2 is ending: the trainable is done");
  x.interrupt();
  CHECK(x.pause(1) == "the experiment is ending: interrupted");
}

TEST_CASE("controller: a trial that its user pauses saves, gives up its place, and goes on when its user says so") {
  auto x = running(2, /*at_once=*/1);
  CHECK(x.attempts.size() == 1);

  CHECK(x.pause(1) == "");
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause);
  x.over(1, end_cause::paused);

  CHECK(x.state_of(1) == trial_state::paused);
  CHECK(last_change(x, 1).by_user);
  CHECK(x.search->paused.empty()); // It says nothing about the trial.
  CHECK(x.attempts.count(trial_id{1}) == 0); // The scheduler would have brought it back.
  CHECK(x.attempts.count(trial_id{2}) == 1);
  CHECK(x.pause(1) == ""); // It is.

  CHECK(x.resume(1) == "");
  CHECK(x.state_of(1) == trial_state::pending);
  x.pass(1s);
  CHECK(x.attempts.size() == 1); // There is no place for two.
  x.alive(2);
  finish(x, 2);
  x.pass(50ms);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
  x.alive(1);
  finish(x, 1);
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
}

TEST_CASE("controller: an experiment of which only trials are left that their user has paused ends if it is awaited") {
  auto x = running(1);
  x.pause(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.over(1, end_cause::paused);
  x.sync();
  CHECK_FALSE(x.ended);

  SUBCASE("it is awaited") {
    x.await();
    x.sync();
    REQUIRE(x.ended);
    CHECK_FALSE(x.ended->complete);
    CHECK(x.ended->held);
    CHECK(x.ended->why == "paused by the user: 1 trial");

    x.crash_and_reopen(1); // A later driver finds it as it was.
    CHECK(x.attempts.empty());
    CHECK_FALSE(x.ended);
    CHECK(x.resume(1) == "");
    REQUIRE(x.attempts.count(trial_id{1}) == 1);
    CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
    CHECK(x.core->replay_differences() == 0);
  }
  SUBCASE("its user stops the trial") {
    CHECK(x.stop(1) == "");
    REQUIRE(x.ended);
    CHECK(x.ended->complete);
  }
  SUBCASE("the program is interrupted") {
    x.interrupt();
    REQUIRE(x.ended);
    CHECK_FALSE(x.ended->held);
    CHECK(x.state_of(1) == trial_state::paused);
  }
}

TEST_CASE("controller: the end of its time ends also what its user has paused") {
  auto options = virtual_experiment::options(1);
  options.time_budget = 60s;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.pause(1);
  x.report(1);
  x.sync();
  x.over(1, end_cause::paused);
  x.pass(60s);

  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(x.state_of(1) == trial_state::stopped);
}

TEST_CASE("controller: its user may hold a trial that its scheduler had paused, or have it go on") {
  const auto decide = [](trial_id, iteration_number i) { return i == 1 ? verdict::pause : verdict::go_on; };
  virtual_experiment x(virtual_experiment::options(2), 1000, decide);
  x.schedule->brings_back = false;
  x.begin(2);
  for (const std::uint64_t trial : {1, 2}) {
    x.alive(trial);
    x.report(trial, 0.5, /*checkpoint=*/true);
  }
  x.sync();
  x.over(1, end_cause::paused);
  x.pause(1);
  x.schedule->brings_back = true;
  x.over(2, end_cause::paused);
  CHECK(x.state_of(1) == trial_state::paused);
  CHECK(x.attempts.count(trial_id{1}) == 0);
  CHECK(x.attempts.count(trial_id{2}) == 1); // Its scheduler's choice.

  x.resume(1);
  CHECK(x.attempts.count(trial_id{1}) == 1);
  x.sync();
  x.crash_and_reopen(2);
  CHECK(x.core->replay_differences() == 0);
}

TEST_CASE("controller: a pause that was not told yet can be taken back; one that was, when it has paused") {
  auto x = running(1);
  x.pause(1);
  CHECK(x.resume(1) == "");
  x.report(1);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);

  x.pause(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  CHECK(x.resume(1) == "trial 1 has not paused yet");
  x.over(1, end_cause::paused);
  CHECK(x.resume(1) == "");
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 3);
}

TEST_CASE("controller: a pause does not hide that the trial is done, or has failed") {
  auto x = running(4);
  for (const std::uint64_t trial : {1, 2, 3, 4})
    x.pause(trial);

  finish(x, 1);
  x.over(2, end_cause::threw, "std::runtime_error: no data");
  x.over(3, end_cause::lost, "node-1 was lost");
  x.over(4, end_cause::finished);

  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.state_of(2) == trial_state::error);
  CHECK(x.state_of(3) == trial_state::paused); // It goes on when its user says so.
  CHECK(x.state_of(4) == trial_state::terminated);
}

TEST_CASE("controller: a pause that was asked for while the answer waits for the disk goes out with that answer") {
  auto x = running(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.pause(1);
  x.sync();

  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause);
}

// An order is answered when its records are on disk: what is cut off behind them is what a crash then takes.

TEST_CASE("controller: a trial that was told to stop is not begun again by a later driver") {
  auto x = running(1);
  SUBCASE("while it steps") {
    CHECK(x.stop(1) == "");
  }
  SUBCASE("while its answer waits for the disk") {
    x.report(1);
    CHECK(x.stop(1) == "");
  }
  SUBCASE("while it waits for its place") {
    x.over(1, end_cause::lost);
    x.pass(50ms);
    REQUIRE_FALSE(x.attempts.at(trial_id{1}).is_alive);
    CHECK(x.stop(1) == "");
  }
  SUBCASE("after it was to pause") {
    CHECK(x.pause(1) == "");
    CHECK(x.stop(1) == "");
  }
  x.sync();
  x.crash_and_reopen(1);

  CHECK(x.attempts.empty());
  CHECK(x.state_of(1) == trial_state::stopped);
  CHECK(x.reason_of(1) == "the user says so");
  CHECK(last_change(x, 1).by_user);
  CHECK(x.core->replay_differences() == 0);
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
}

TEST_CASE("controller: a trial that was told to pause is held by a later driver, until its user has it go on") {
  auto x = running(1);
  CHECK(x.pause(1) == "");
  x.sync();
  SUBCASE("the crash comes at once") {
    x.crash_and_reopen(1);
  }
  SUBCASE("the crash comes after its last report") {
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
    x.crash_and_reopen(1);
  }
  CHECK(x.attempts.empty());
  CHECK(x.state_of(1) == trial_state::paused);
  CHECK(last_change(x, 1).by_user);

  CHECK(x.resume(1) == "");
  x.sync();
  x.crash_and_reopen(1); // That holds as well.
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).restore);
}

TEST_CASE("controller: a pause that was taken back is not found by a later driver") {
  auto x = running(1);
  CHECK(x.pause(1) == "");
  CHECK(x.resume(1) == "");
  x.sync();
  x.crash_and_reopen(1);
  x.pass(50ms);

  CHECK(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.all<record::trial_changed>().empty());
}

TEST_CASE("controller: an order for a trial without an attempt makes a journal that does not fit") {
  virtual_experiment x(virtual_experiment::options(1));
  REQUIRE(x.core->on_replay(record::experiment_begun{}));
  const config values({{"x", 1}});
  REQUIRE(x.core->on_replay(record::trial_created{trial_id{1}, values, record::trial_origin::searcher, {}}));

  const auto read = x.core->on_replay(record::trial_ordered{trial_id{1}, trial_state::stopped, "why", {}});
  REQUIRE_FALSE(read);
  CHECK(read.error().message == "the journal does not fit: trial 1: an attempt is to end that does not run");
}
