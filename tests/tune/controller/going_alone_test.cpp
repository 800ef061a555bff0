#include "tests/tune/controller/virtual_experiment.hpp"

#include <limits>

#include <doctest/doctest.h>

// What attempts report without waiting for an answer.
using namespace virtual_tune;

namespace {

virtual_experiment one_trial(controller_options options, scripted_scheduler::script decide = {}) {
  options.trials = 1;
  virtual_experiment x(std::move(options), 1, std::move(decide));
  x.schedule->goes_alone = true;
  return x;
}

} // namespace

TEST_CASE("going alone: up to the iteration that the scheduler judges next") {
  auto x = one_trial(virtual_experiment::options(1),
                     [](trial_id, iteration_number i) { return i == 7 ? verdict::pause : verdict::go_on; });
  x.begin(1);
  x.alive(1);
  CHECK(x.attempts.at(trial_id{1}).free_until == 7);

  x.report(1);
  x.sync();

  CHECK(x.attempts.at(trial_id{1}).free_until == 7);
}

TEST_CASE("going alone: up to the iteration that a stop condition names; not at all where one looks at a metric") {
  auto options = virtual_experiment::options(1);
  options.stop = {{"training_iteration", at_least(5)}};
  auto counted = one_trial(options);
  counted.begin(1);
  CHECK(counted.attempts.at(trial_id{1}).free_until == 5);

  options.stop = {{"accuracy", at_least(0.9)}};
  auto looked_at = one_trial(options);
  looked_at.begin(1);
  CHECK(looked_at.attempts.at(trial_id{1}).free_until == 1);
  looked_at.alive(1);
  looked_at.report(1);
  looked_at.sync();
  CHECK(looked_at.attempts.at(trial_id{1}).free_until == 2);
}

TEST_CASE("going alone: not where the user wants each result on disk first") {
  auto options = virtual_experiment::options(1);
  options.answer_each = true;
  auto x = one_trial(options);
  x.begin(1);
  CHECK(x.attempts.at(trial_id{1}).free_until == 1);
}

TEST_CASE("going alone: each report is a record, and all are answered as one when the last is on disk") {
  auto x = one_trial(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 3; ++i)
    x.report_alone(1);
  x.deliver(1);
  REQUIRE(x.all<record::result_reported>().size() == 3);
  CHECK(x.search->reports == 3);

  x.sync_to(x.written.size() - 1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).told);
  x.sync();

  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);
}

TEST_CASE("going alone: what was reported before it heard of the pause counts, and is in its checkpoint") {
  auto x = one_trial(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report(1);
  x.interrupt();
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause);

  x.report(1, 0.5, /*checkpoint=*/true); // It was in it.
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause); // Told again: it asked again.
  x.over(1, end_cause::paused);
  x.sync();

  CHECK(x.all<record::result_reported>().size() == 2);
  CHECK(x.all<record::result_reported>().back().checkpoint);
  REQUIRE(x.ended);
  CHECK_FALSE(x.ended->complete);
}

TEST_CASE("going alone: a trial that ends by itself is over with its last reports, and is answered no more") {
  auto x = one_trial(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report_alone(1);
  x.report_alone(1);
  x.over(1, end_cause::finished);
  x.sync();

  CHECK(x.all<record::result_reported>().size() == 2);
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.ended);
}

TEST_CASE("going alone: the time of an iteration is the share of what they took together") {
  auto options = virtual_experiment::options(1);
  options.least_step_deadline = 1s;
  options.step_deadline_factor = 100;
  auto x = one_trial(options);
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 10; ++i)
    x.report_alone(1);
  x.pass(1s); // 100 ms each: the deadline is 10 s.
  x.deliver(1);
  x.sync();

  x.pass(9'900ms);
  CHECK(x.killed.empty());
  x.pass(200ms);
  CHECK(x.killed.size() == 1);
}
