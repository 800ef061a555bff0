#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

// Attempts that need not be asked: those on threads of the driver.
using namespace virtual_tune;

namespace {

controller_options at_once(std::uint64_t trials) {
  auto options = virtual_experiment::options(trials);
  options.told_at_once = true;
  return options;
}

/// Trials with leave, up to where the script says something.
virtual_experiment with_leave(controller_options options, scripted_scheduler::script decide = {}) {
  virtual_experiment x(std::move(options), 1'000'000, std::move(decide));
  x.schedule->goes_alone = true;
  return x;
}

void report_at_once(virtual_experiment& x, std::uint64_t trial) {
  x.report_alone(trial);
  x.deliver(trial);
}

/// The first so many trials that run, each with a result.
void finish_some(virtual_experiment& x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto trial = x.attempts.begin()->first.value;
    x.alive(trial);
    report_at_once(x, trial);
    x.over(trial, end_cause::finished);
  }
}

std::vector<record_haste> hastes_of_results(const virtual_experiment& x) {
  std::vector<record_haste> found;
  for (std::size_t i = 0; i < x.written.size(); ++i)
    if (std::holds_alternative<record::result_reported>(x.written[i]))
      found.push_back(x.hastes[i]);
  return found;
}

void report_that_took(virtual_experiment& x, std::uint64_t trial, double seconds) {
  auto& a = x.attempts.at(trial_id{trial});
  attempt_report r;
  r.iteration = ++a.iteration;
  r.values = {{"accuracy", 0.5}};
  r.time_this_iteration_s = seconds;
  a.ahead.push_back(r);
  x.deliver(trial);
}

} // namespace

TEST_CASE("told at once: reports count while others wait for their answer, and each is answered when it is on disk") {
  auto x = with_leave(at_once(1));
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 3; ++i)
    report_at_once(x, 1);
  REQUIRE(x.all<record::result_reported>().size() == 3);
  CHECK(x.attempts.at(trial_id{1}).answered == 0);

  x.sync_to(x.written.size() - 1);
  CHECK(x.attempts.at(trial_id{1}).answered == 2);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).answered == 3);
}

TEST_CASE("told at once: a report that comes twice counts once, and one out of order ends its attempt") {
  auto x = with_leave(at_once(1));
  x.begin(1);
  x.alive(1);
  report_at_once(x, 1);
  --x.attempts.at(trial_id{1}).iteration;
  report_at_once(x, 1);
  CHECK(x.all<record::result_reported>().size() == 1);

  ++x.attempts.at(trial_id{1}).iteration;
  report_at_once(x, 1);
  REQUIRE(x.killed.size() == 1);
  CHECK(x.killed[0].second == "it reported iteration 3 after 1");
}

TEST_CASE("told at once: a trial ends and the next begins while nothing of them is on disk") {
  auto x = with_leave(at_once(3));
  x.begin(1);
  finish_some(x, 3);

  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(x.all<record::result_reported>().size() == 3);
  CHECK(x.attempts.empty());
  x.sync(); // Nobody is left to be answered.
}

TEST_CASE(
  "told at once: a pause that was decided is told with the next answer, and what was reported till then counts") {
  auto x = with_leave(at_once(1));
  x.begin(1);
  x.alive(1);
  report_at_once(x, 1);
  CHECK(x.pause(1).empty());
  report_at_once(x, 1);
  x.sync_to(x.written.size() - 1); // The first is on disk: it is told with its answer.
  CHECK(x.attempts.at(trial_id{1}).told == attempt_answer::pause);

  x.sync();
  x.over_with_checkpoint(1, end_cause::paused);

  CHECK(x.all<record::result_reported>().size() == 2);
  CHECK(x.state_of(1) == trial_state::paused);
}

TEST_CASE("told at once: nobody waits for the result of a short iteration with leave, but for all others") {
  auto x =
    with_leave(at_once(1), [](trial_id, iteration_number i) { return i == 4 ? verdict::pause : verdict::go_on; });
  x.begin(1);
  x.alive(1);
  CHECK(x.attempts.at(trial_id{1}).free_until == 4);
  report_that_took(x, 1, 0.0001);
  report_that_took(x, 1, 0.0199);
  report_that_took(x, 1, 0.0201); // Of which it waits a millisecond.
  report_that_took(x, 1, 0.0001); // It has no leave.
  CHECK(hastes_of_results(x) == std::vector<record_haste>{record_haste::none, record_haste::none,
                                                          record_haste::as_its_kind, record_haste::as_its_kind});
}

TEST_CASE("told at once: an answer gives more leave, and a result within it is not waited for") {
  auto options = at_once(1);
  options.stop = {{"training_iteration", at_least(1'000)}};
  auto x = with_leave(options);
  x.begin(1);
  CHECK(x.attempts.at(trial_id{1}).free_until == 50); // The script looks no further.
  x.alive(1);
  for (int i = 0; i < 10; ++i)
    report_that_took(x, 1, 0);
  x.sync();
  CHECK(x.attempts.at(trial_id{1}).free_until == 60);
  for (int i = 0; i < 49; ++i)
    report_that_took(x, 1, 0);
  CHECK(hastes_of_results(x).back() == record_haste::none);
  report_that_took(x, 1, 0);
  CHECK(hastes_of_results(x).back() == record_haste::as_its_kind);
}

TEST_CASE("told at once: where attempts are asked, each result is waited for") {
  auto x = with_leave(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  report_that_took(x, 1, 0);
  CHECK(hastes_of_results(x) == std::vector<record_haste>{record_haste::as_its_kind});
}

TEST_CASE("told at once: as many wait for a thread as have ended lately, up to a limit") {
  auto x = with_leave(at_once(10'000));
  x.begin(2);
  CHECK(x.attempts.size() == 4);
  x.pass(10ms); // A window begins with the first end.
  finish_some(x, 50);
  CHECK(x.attempts.size() == 4);
  x.pass(10ms);
  finish_some(x, 1);
  CHECK(x.attempts.size() == 52);
  finish_some(x, 400);
  x.pass(10ms);
  finish_some(x, 1);
  CHECK(x.attempts.size() == 258);
  x.pass(20ms); // They have become long.
  finish_some(x, 1);
  CHECK(x.attempts.size() == 257);
  finish_some(x, 254);
  CHECK(x.attempts.size() == 4);
}

TEST_CASE("told at once: attempts that are asked are not begun ahead, however short") {
  auto x = with_leave(virtual_experiment::options(10'000));
  x.begin(2);
  x.pass(10ms);
  finish_some(x, 50);
  x.pass(10ms);
  finish_some(x, 1);
  CHECK(x.attempts.size() == 4);
}

TEST_CASE("told at once: trials are not begun further ahead of the disk than they may be") {
  auto options = at_once(1'000);
  options.most_unwritten = 100;
  auto x = with_leave(options);
  x.begin(1);
  while (!x.attempts.empty())
    finish_some(x, 1);
  CHECK(x.written.size() - x.durable > 100);
  CHECK(x.written.size() - x.durable < 120);
  CHECK_FALSE(x.ended);

  x.sync();
  CHECK(x.attempts.size() == 3);
}

TEST_CASE("told at once: the journal of an earlier driver is on disk already") {
  auto options = at_once(1'000);
  options.most_unwritten = 100;
  auto x = with_leave(options);
  x.begin(1);
  while (x.written.size() < 500) {
    finish_some(x, 1);
    x.sync();
  }
  x.crash_and_reopen(1);
  CHECK(x.attempts.size() >= 3);
}
