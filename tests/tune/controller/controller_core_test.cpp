#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

namespace {

virtual_experiment one_trial(controller_options options = virtual_experiment::options(1)) {
  options.trials = 1;
  return virtual_experiment(options);
}

} // namespace

TEST_CASE("controller: as many trials are created as the cluster holds, and some that wait") {
  virtual_experiment x(virtual_experiment::options(100));

  x.begin(/*capacity=*/4);

  CHECK(x.attempts.size() == 8);
  CHECK(std::holds_alternative<record::experiment_begun>(x.written.front()));
  CHECK(x.all<record::trial_created>().size() == 8);
}

TEST_CASE("controller: of a very large cluster few trials wait, and they are created bit by bit as they come to disk") {
  virtual_experiment x(virtual_experiment::options(100'000), /*points=*/100'000);
  x.syncs_starts = false;
  const auto created = [&] { return x.all<record::trial_created>().size(); };

  x.begin(/*capacity=*/5'000);
  CHECK(created() == 1'024);
  x.sync();
  CHECK(created() == 2 * 1'024);
  for (int i = 0; i < 10; ++i)
    x.sync();
  CHECK(created() == 5'000 + 1'024);
  CHECK(x.attempts.size() == created());
}

TEST_CASE("controller: the journal knows which trials are the user's own points") {
  virtual_experiment x(virtual_experiment::options(100));

  x.begin(/*capacity=*/2);

  for (const auto& made : x.all<record::trial_created>())
    CHECK(made.origin == (made.trial == trial_id{3} ? record::trial_origin::point : record::trial_origin::searcher));
}

TEST_CASE("controller: max_concurrent_trials is a limit") {
  auto options = virtual_experiment::options(100);
  options.max_concurrent_trials = 3;
  virtual_experiment x(options);

  x.begin(/*capacity=*/16);
  CHECK(x.attempts.size() == 3);
  x.alive(1);
  x.over(1, end_cause::finished);

  CHECK(x.attempts.size() == 3);
  CHECK(x.attempts.count(trial_id{4}) == 1);
}

TEST_CASE("controller: an answer waits until its result is on disk (I5)") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.sync();

  x.report(1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).told);
  x.sync_to(x.written.size() - 1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).told);
  x.sync();

  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);
}

TEST_CASE("controller: a trial whose function returns has terminated, and the last one ends the experiment") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.over(1, end_cause::finished);
  x.sync();

  CHECK(x.state_of(1) == trial_state::terminated);
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK_FALSE(x.ended->failed);
  CHECK(x.ended->why == "finished");
  CHECK(x.search->ends.at(trial_id{1}) == trial_outcome::completed);
}

TEST_CASE("controller: the user's error ends a trial by default, and says why") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.over(1, end_cause::threw, "std::runtime_error: no data");

  CHECK(x.state_of(1) == trial_state::error);
  CHECK(x.reason_of(1) == "std::runtime_error: no data");
  CHECK(x.search->ends.at(trial_id{1}) == trial_outcome::failed);
  CHECK(x.ended);
}

TEST_CASE("controller: within its budget a failed trial goes on from its newest checkpoint, after a back-off") {
  auto options = virtual_experiment::options(1);
  options.failures.max_failures = 1;
  auto x = one_trial(options);
  x.begin(1);
  x.alive(1);
  for (const bool checkpoint : {false, true, false}) {
    x.report(1, 0.5, checkpoint);
    x.sync();
  }
  x.over(1, end_cause::crashed, "signal 11 (SIGSEGV)");
  CHECK(x.attempts.empty());
  x.pass(50ms);

  REQUIRE(x.attempts.size() == 1);
  CHECK(x.attempts.at(trial_id{1}).attempt == 2);
  CHECK(x.attempts.at(trial_id{1}).where.avoid_node == "node-1");
  REQUIRE(x.attempts.at(trial_id{1}).restore);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);

  x.alive(1);
  x.over(1, end_cause::crashed, "signal 11 (SIGSEGV)");
  CHECK(x.state_of(1) == trial_state::error);
  CHECK(x.reason_of(1) == "signal 11 (SIGSEGV) (failure 2, max_failures is 1)");
}

TEST_CASE("controller: an iteration that is done again after a loss is counted once (I2)") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (const bool checkpoint : {true, false, false}) {
    x.report(1, 0.5, checkpoint);
    x.sync();
  }
  x.over(1, end_cause::lost, "node-1 was lost");
  x.pass(50ms);
  x.alive(1);
  x.sync();
  for (int i = 2; i <= 3; ++i) { // Once more: nothing is written, so nothing has to be waited for.
    x.report(1, 0.9);
    CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);
  }
  x.report(1, 0.9);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);

  const auto results = x.all<record::result_reported>();
  REQUIRE(results.size() == 4);
  for (std::size_t i = 0; i < results.size(); ++i)
    CHECK(results[i].iteration == static_cast<iteration_number>(i + 1));
  CHECK(results[2].attempt == 1);
  CHECK(results[3].attempt == 2);
}

TEST_CASE("controller: what an older attempt says is dropped (I3)") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.over(1, end_cause::lost);
  x.pass(1s);
  const auto records = x.written.size();

  attempt_report late;
  late.iteration = 2;
  late.values = {{"accuracy", 1.0}};
  CHECK(x.core->on_attempt_events(trial_id{1}, 1, {late}, x.now()).empty());
  CHECK(x.core->on_attempt_events(trial_id{1}, 1, {attempt_over{{end_cause::finished, ""}, {}, {}}}, x.now()).empty());
  CHECK(x.core->on_attempt_events(trial_id{1}, 1, {attempt_alive{}}, x.now()).empty());
  CHECK(x.written.size() == records);
}

TEST_CASE("controller: a report that comes twice is answered once, and a checkpoint that was dropped stays so") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.sync();
  attempt_report told;
  told.iteration = 1;
  told.values = {{"accuracy", 1.0}};
  told.checkpoint = checkpoint_ref{1, 1, "node-1", "/storage/first", true, 10};
  x.attempts.at(trial_id{1}).ahead.push_back(told);
  x.attempts.at(trial_id{1}).iteration = 1;
  x.deliver(1);
  x.sync();
  for (int i = 0; i < 5; ++i) {
    x.report(1, 2.0 + i, /*checkpoint=*/true);
    x.sync();
  }
  const auto records = x.written.size();

  CHECK(x.core->on_attempt_events(trial_id{1}, 1, {told}, x.now()).empty());
  CHECK(x.written.size() == records);
}

TEST_CASE("controller: a trial that takes its nodes down is given up") {
  auto x = one_trial();
  x.begin(1);
  for (int i = 1; i <= 5; ++i) {
    x.alive(1);
    x.over(1, end_cause::lost, "node-1 was lost");
    x.pass(10s);
  }

  CHECK(x.state_of(1) == trial_state::error);
  CHECK(x.reason_of(1) ==
        "it was lost 5 times in a row without a result; the last time: node-1 was lost");
  CHECK(x.search->ends.at(trial_id{1}) == trial_outcome::ignored);
}

TEST_CASE("controller: the scheduler stops and pauses trials, and its reasons are kept") {
  const auto decide = [](trial_id trial, iteration_number) {
    return trial.value == 1 ? verdict::stop : verdict::pause;
  };
  virtual_experiment x(virtual_experiment::options(2), 1000, decide);
  x.begin(2);
  for (const std::uint64_t trial : {1, 2}) {
    x.alive(trial);
    x.report(trial, 0.5, /*checkpoint=*/true);
  }
  x.schedule->brings_back = false;
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::stop);
  CHECK(x.attempts.at(trial_id{2}).told == attempt_answer::pause);
  x.over(2, end_cause::paused);
  CHECK(x.state_of(2) == trial_state::paused);
  x.over(1, end_cause::stopped);

  CHECK(x.state_of(1) == trial_state::stopped);
  CHECK(x.reason_of(1) == "as scripted");
  CHECK(x.state_of(2) == trial_state::stopped);
  CHECK(x.reason_of(2) == "paused, and no result can bring it back");
  CHECK(x.search->paused == std::vector<trial_id>{trial_id{2}});
  CHECK(x.ended);
}

TEST_CASE("controller: a paused trial comes back from its checkpoint before a new one is created") {
  const auto decide = [](trial_id trial, iteration_number i) {
    return trial.value == 1 && i == 1 ? verdict::pause : verdict::go_on;
  };
  auto options = virtual_experiment::options(3);
  options.max_concurrent_trials = 1;
  virtual_experiment x(options, 1000, decide);
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.over(1, end_cause::paused);

  REQUIRE(x.attempts.size() == 1);
  CHECK(x.attempts.at(trial_id{1}).attempt == 2);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 1);
  CHECK(x.core->created() == 1);
}

TEST_CASE("controller: a paused trial that its scheduler gives up ends at once, while others run") {
  const auto decide = [](trial_id trial, iteration_number) {
    return trial.value == 1 ? verdict::pause : verdict::go_on;
  };
  virtual_experiment x(virtual_experiment::options(2), 1000, decide);
  x.begin(2);
  x.alive(1);
  x.alive(2);
  x.schedule->loses.insert(trial_id{1});
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.over(1, end_cause::paused);

  CHECK(x.state_of(1) == trial_state::stopped);
  CHECK(x.reason_of(1) == "it has lost");
  CHECK_FALSE(x.ended);
  x.sync();
  x.crash_and_reopen(2);
  CHECK(x.state_of(1) == trial_state::stopped);
}

TEST_CASE("controller: a trial that crashes after its last report has ended all the same") {
  virtual_experiment x(virtual_experiment::options(1), 1000, {}, /*most=*/1);
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.over(1, end_cause::crashed, "signal 9");
  x.sync();

  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.reason_of(1) == "it has done its 1 iterations");
  CHECK(x.ended);
}

TEST_CASE("controller: a stop condition ends a trial as terminated") {
  auto options = virtual_experiment::options(1);
  options.stop = {{"accuracy", stop_condition::relation::at_least, 0.9}};
  auto x = one_trial(options);
  x.begin(1);
  x.alive(1);
  x.report(1, 0.95);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::stop);
  x.over(1, end_cause::stopped);

  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.reason_of(1) == "accuracy is 0.95, at least 0.9");
}

TEST_CASE("controller: an iteration past its deadline is killed and counts as the user's error") {
  auto options = virtual_experiment::options(1);
  options.step_deadline = 5s;
  auto x = one_trial(options);
  x.begin(1);
  x.alive(1);
  x.pass(4s);
  CHECK(x.killed.empty());
  x.pass(1'001ms); // The timer is a little late.
  REQUIRE(x.killed.size() == 1);
  x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");

  CHECK(x.state_of(1) == trial_state::error);
  CHECK(x.reason_of(1) == "iteration 1 took longer than its deadline of 5 s");
  CHECK(x.all<record::attempt_ended>().back().end.cause == end_cause::hung);
}

TEST_CASE("controller: a trial past its deadline has terminated, and another driver can read that") {
  auto options = virtual_experiment::options(1);
  options.trial_deadline = 5s;
  auto x = one_trial(options);
  x.begin(1);
  x.alive(1);
  x.pass(5s);
  REQUIRE(x.killed.size() == 1);
  x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");
  x.sync();
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.reason_of(1) == "its trial deadline of 5 s is over");

  x.crash_and_reopen(1);
  CHECK(x.ended);
}

TEST_CASE("controller: the default deadline is 100 times the median step, and at least a minute") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 3; ++i) {
    x.pass(2s);
    x.report(1);
    x.sync();
  }
  x.pass(199s);
  CHECK(x.killed.empty());
  x.pass(1s);
  CHECK(x.killed.size() == 1);
}

TEST_CASE("controller: who is told to end and does not is killed, and keeps what was decided") {
  virtual_experiment x(virtual_experiment::options(1), 1000, {}, /*most=*/1);
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.pass(10s);
  REQUIRE(x.killed.size() == 1);
  x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");

  CHECK(x.state_of(1) == trial_state::terminated);
}

TEST_CASE("controller: when its time budget is over, what runs is stopped and nothing new begins") {
  auto options = virtual_experiment::options(10);
  options.time_budget = 60s;
  options.step_deadline = 1h;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.pass(60s);
  CHECK(x.killed.size() == x.attempts.size() - 1); // Those that wait for a place.
  while (x.attempts.size() > 1)
    x.over(x.attempts.rbegin()->first.value, end_cause::stopped);
  x.report(1);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::stop);
  x.over(1, end_cause::stopped);
  x.sync();

  REQUIRE(x.ended);
  CHECK(x.ended->why == "its time budget of 60 s is over");
  CHECK(x.state_of(1) == trial_state::stopped);
}

TEST_CASE("controller: interrupted, attempts save and end, and the next driver goes on with their trials") {
  auto options = virtual_experiment::options(2);
  options.max_concurrent_trials = 1;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.sync();
  x.interrupt();
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause);
  x.over(1, end_cause::paused);
  x.sync();
  REQUIRE(x.ended);
  CHECK_FALSE(x.ended->complete);
  CHECK(x.state_of(1) == trial_state::pending);

  x.crash_and_reopen(1);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).attempt == 2);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
}

TEST_CASE("controller: fail_fast ends the experiment with its first failed trial") {
  auto options = virtual_experiment::options(5);
  options.fail_fast = true;
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  x.over(1, end_cause::threw, "bad");
  for (const auto& each : std::map(x.attempts))
    x.over(each.first.value, end_cause::stopped);

  REQUIRE(x.ended);
  CHECK(x.ended->why == "trial 1 failed, and fail_fast is set: bad");
  CHECK(x.state_of(2) == trial_state::stopped);
}

TEST_CASE("controller: the newest and the best checkpoint are kept") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (const double accuracy : {0.5, 0.9, 0.6, 0.7}) {
    x.report(1, accuracy, /*checkpoint=*/true);
    x.sync();
  }

  REQUIRE(x.dropped.size() == 2);
  CHECK(x.dropped[0].iteration == 1);
  CHECK(x.dropped[1].iteration == 3);
}

TEST_CASE("controller: a broken checkpoint is dropped, and the one before it is used") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 2; ++i) {
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
  }
  x.over(1, end_cause::lost);
  x.pass(50ms);
  REQUIRE(x.attempts.at(trial_id{1}).restore->iteration == 2);
  x.over(1, end_cause::bad_checkpoint, "weights.bin: its checksum is wrong");
  x.pass(0s);
  x.sync();

  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 1);
  CHECK(x.dropped.back().iteration == 2);
}

TEST_CASE(
  "controller: a checkpoint on its way to the storage is waited for; if it is lost, the one before it is used") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/false, /*in_storage=*/false);
  x.sync();
  x.over(1, end_cause::lost);
  x.pass(1s);
  CHECK(x.attempts.empty());

  SUBCASE("it arrives") {
    auto there = x.kept.back();
    there.in_storage = true;
    there.directory = "/storage/checkpoint";
    x.stored(1, there);
    x.pass(50ms);
    CHECK(x.attempts.at(trial_id{1}).restore == there);
    CHECK(x.all<record::checkpoint_saved>().back().checkpoint == there);
  }
  SUBCASE("it is lost") {
    x.lost(1, x.kept.back());
    x.pass(50ms);
    CHECK(x.attempts.at(trial_id{1}).restore->iteration == 1);
  }
}

TEST_CASE("controller: as long as no step is known there is no deadline but the user's own") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  x.pass(24h);
  CHECK(x.killed.empty());
}

TEST_CASE("controller: a driver that opens the experiment again knows only the checkpoints that were kept") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (const double accuracy : {0.5, 0.9, 0.6, 0.7}) {
    x.report(1, accuracy, /*checkpoint=*/true);
    x.sync();
  }
  x.kept.clear();

  x.crash_and_reopen(1);

  REQUIRE(x.kept.size() == 2);
  CHECK(x.kept[0].iteration == 2);
  CHECK(x.kept[1].iteration == 4);
}

TEST_CASE("controller: a checkpoint is dropped when the record of the one after it is on disk, not before (I5)") {
  auto x = one_trial();
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 2; ++i) {
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
  }
  x.report(1, 0.5, /*checkpoint=*/true);
  CHECK(x.dropped.empty());
  x.sync_to(x.written.size() - 1);
  CHECK(x.dropped.empty());
  x.sync();
  CHECK(x.dropped.size() == 1);
}
