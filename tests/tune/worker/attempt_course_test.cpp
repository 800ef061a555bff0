#include "tune/worker/attempt_course.hpp"

#include <doctest/doctest.h>

#include "runtime/base/invariant.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr instant start{1h};

attempt_order order_of(checkpoint_policy policy = {}) {
  attempt_order order;
  order.attempt = 1;
  order.metrics = {"loss"};
  order.checkpoints = policy;
  return order;
}

attempt_order restored_at(iteration_number iteration) {
  auto order = order_of();
  order.attempt = 2;
  order.restore = checkpoint_ref{iteration, 1, "node-1", "/x", true, 1};
  order.time_total_s = 100;
  return order;
}

/// Runs iterations of a second each, whose saves take `save`, and says after which ones it saved.
std::vector<iteration_number> saved_in(attempt_course& course, int iterations, std::chrono::nanoseconds save,
                                       std::chrono::nanoseconds step = 1s) {
  std::vector<iteration_number> saved;
  auto now = start;
  for (int i = 0; i < iterations; ++i) {
    now += step;
    const auto report = course.on_report({{"loss", 1}}, now);
    REQUIRE(report);
    if (course.wants_checkpoint(now)) {
      course.on_checkpoint(true, now, now + save);
      now += save;
      saved.push_back(report->iteration);
    }
    course.on_answer(attempt_answer::go_on, now);
    REQUIRE_FALSE(course.wants_checkpoint(now));
  }
  return saved;
}

attempt_report report_at(attempt_course& course, instant now, const metrics& values = {{"loss", 1}}) {
  auto report = course.on_report(values, now);
  REQUIRE(report);
  return *report;
}

} // namespace

TEST_CASE("attempt course: iterations are counted from 1, and their time is the trainable's own") {
  attempt_course course(order_of(), start);

  const auto first = report_at(course, start + 2s);
  course.on_checkpoint(true, start + 2s, start + 10s);
  course.on_answer(attempt_answer::go_on, start + 20s); // The driver took ten seconds.
  const auto second = report_at(course, start + 23s);

  CHECK(first.iteration == 1);
  CHECK(first.time_this_iteration_s == doctest::Approx(2));
  CHECK(first.time_total_s == doctest::Approx(2));
  CHECK(second.iteration == 2);
  CHECK(second.time_this_iteration_s == doctest::Approx(3));
  CHECK(second.time_total_s == doctest::Approx(5));
}

TEST_CASE("attempt course: an attempt goes on from its checkpoint, in iterations and in time") {
  attempt_course course(restored_at(7), start);
  course.on_begin(start + 30s); // Setting up is no part of the iteration.

  const auto report = report_at(course, start + 31s);

  CHECK(report.iteration == 8);
  CHECK(report.time_this_iteration_s == doctest::Approx(1));
  CHECK(report.time_total_s == doctest::Approx(101));
}

TEST_CASE("attempt course: it finishes when it says so, at the most iterations, or when it returns") {
  attempt_course done(order_of(), start);
  CHECK(report_at(done, start, {{"loss", 1}, {"done", true}}).done);
  CHECK_FALSE(done.is_ending());
  done.on_answer(attempt_answer::go_on, start);
  CHECK(done.end().cause == end_cause::finished);

  auto order = order_of();
  order.max_iterations = 2;
  attempt_course longest(order, start);
  CHECK_FALSE(report_at(longest, start).done);
  longest.on_answer(attempt_answer::go_on, start);
  CHECK_FALSE(longest.is_ending());
  CHECK_FALSE(report_at(longest, start).done);
  longest.on_answer(attempt_answer::go_on, start);
  CHECK(longest.end().cause == end_cause::finished);

  attempt_course returned(order_of(), start);
  returned.on_return();
  CHECK(returned.end().cause == end_cause::finished);

  auto complete = restored_at(9);
  complete.max_iterations = 9;
  CHECK(attempt_course(complete, start).end().cause == end_cause::finished);
}

TEST_CASE("attempt course: it stops and pauses when it is told to, before its first report too") {
  for (const auto& [answer, cause] :
       {std::pair{attempt_answer::stop, end_cause::stopped}, std::pair{attempt_answer::pause, end_cause::paused}}) {
    attempt_course course(order_of(), start);
    report_at(course, start);
    course.on_answer(answer, start);
    CHECK(course.end().cause == cause);
    course.on_return();
    CHECK(course.end().cause == cause);

    attempt_course at_once(order_of(), start);
    at_once.on_answer(answer, start);
    CHECK(at_once.end().cause == cause);
    CHECK_FALSE(at_once.wants_checkpoint(start)); // Nothing has been done.
  }
}

TEST_CASE("attempt course: a report without its metric fails the attempt and is not counted") {
  attempt_course course(restored_at(3), start);

  const auto report = course.on_report({{"lost", 1}}, start);

  REQUIRE(!report);
  CHECK(report.error().message == "iteration 4: the metric \"loss\" is missing; reported: \"lost\"");
  CHECK(course.end().cause == end_cause::threw);
  CHECK(course.end().why == report.error().message);
  CHECK(course.iteration() == 3);
  CHECK_FALSE(course.wants_checkpoint(start));
  CHECK_THROWS_AS((void)course.on_report({{"loss", 1}}, start), runtime::broken_invariant);
}

TEST_CASE("attempt course: what it throws fails it, but not when its end was decided already") {
  attempt_course course(order_of(), start);
  course.on_failure("std::runtime_error: bad luck");
  CHECK(course.end().cause == end_cause::threw);
  CHECK(course.end().why == "std::runtime_error: bad luck");
  course.on_return();
  CHECK(course.has_failed());

  attempt_course stopped(order_of(), start);
  report_at(stopped, start);
  stopped.on_answer(attempt_answer::stop, start);
  stopped.on_failure("std::runtime_error: in clean_up");
  CHECK(stopped.end().cause == end_cause::stopped);
  CHECK(stopped.end().why == "after its end was decided: std::runtime_error: in clean_up");

  stopped.on_save_failure("std::runtime_error: in save");
  CHECK(stopped.end().cause == end_cause::threw);
  CHECK(stopped.end().why == "std::runtime_error: in save");
}

TEST_CASE("attempt course: a checkpoint that cannot be restored is an end of its own") {
  attempt_course course(restored_at(3), start);
  SUBCASE("damaged, it is given up") {
    course.on_no_restore({runtime::errc::invalid_argument, "/x/weights: another checksum"});
    CHECK(course.end().cause == end_cause::bad_checkpoint);
    CHECK(course.end().why == "/x/weights: another checksum");
  }
  SUBCASE("gone, too") {
    course.on_no_restore({runtime::errc::not_found, "/x/manifest.json: no such file"});
    CHECK(course.end().cause == end_cause::bad_checkpoint);
  }
  SUBCASE("not read for another reason, it may be read later") {
    course.on_no_restore({runtime::errc::io, "/x/weights cannot be read: Input/output error"});
    CHECK(course.end().cause == end_cause::unreadable_checkpoint);
  }
  CHECK_FALSE(course.wants_checkpoint(start));
}

TEST_CASE("attempt course: with a fixed policy each n-th iteration of the trial is saved") {
  attempt_course course(order_of({3, false}), start);
  CHECK(saved_in(course, 10, 10s) == std::vector<iteration_number>{3, 6, 9});

  auto later = restored_at(4);
  later.checkpoints = {3, false};
  attempt_course restored(later, start);
  CHECK(saved_in(restored, 6, 10s) == std::vector<iteration_number>{6, 9});
}

TEST_CASE("attempt course: without one, the first iteration is saved, then at most 5 % of the time is spent on it") {
  attempt_course cheap(order_of(), start);
  CHECK(saved_in(cheap, 4, 1ms) == std::vector<iteration_number>{1, 2, 3, 4});

  attempt_course costly(order_of(), start);
  CHECK(saved_in(costly, 50, 1s) == std::vector<iteration_number>{1, 20, 39});

  attempt_course restored(restored_at(7), start);
  CHECK(saved_in(restored, 25, 1s) == std::vector<iteration_number>{8, 27});

  attempt_course fast(order_of(), start); // However cheap it is.
  CHECK(saved_in(fast, 250, 0s, 1ms) == std::vector<iteration_number>{1, 101, 201});
}

TEST_CASE("attempt course: the last iteration is saved before it is told, where that is known") {
  auto order = order_of({100, true});
  order.max_iterations = 2;
  attempt_course course(order, start);

  report_at(course, start);
  CHECK_FALSE(course.wants_checkpoint(start));
  course.on_answer(attempt_answer::go_on, start);
  report_at(course, start);
  CHECK(course.wants_checkpoint(start));
  course.on_checkpoint(true, start, start);
  CHECK_FALSE(course.wants_checkpoint(start));
  course.on_answer(attempt_answer::go_on, start);
  CHECK_FALSE(course.wants_checkpoint(start));

  order.checkpoints.at_end = false;
  order.max_iterations = 1;
  attempt_course without(order, start);
  report_at(without, start);
  CHECK_FALSE(without.wants_checkpoint(start));
}

TEST_CASE("attempt course: a pause is always saved, a stop if the policy says so, and no state twice") {
  const auto wants = [](checkpoint_policy policy, attempt_answer answer, bool saved_before) {
    attempt_course course(order_of(policy), start);
    report_at(course, start);
    if (saved_before)
      course.on_checkpoint(true, start, start);
    course.on_answer(answer, start);
    return course.wants_checkpoint(start);
  };
  CHECK(wants({100, false}, attempt_answer::pause, false));
  CHECK(wants({100, true}, attempt_answer::stop, false));
  CHECK_FALSE(wants({100, false}, attempt_answer::stop, false));
  CHECK_FALSE(wants({100, true}, attempt_answer::pause, true));
  CHECK_FALSE(wants({100, true}, attempt_answer::stop, true));
}

TEST_CASE("attempt course: a save that failed is tried again at the end, not with the same report") {
  attempt_course course(order_of({1, true}), start);
  report_at(course, start);
  REQUIRE(course.wants_checkpoint(start));

  course.on_checkpoint(false, start, start);
  CHECK_FALSE(course.wants_checkpoint(start));
  course.on_answer(attempt_answer::pause, start);
  CHECK(course.wants_checkpoint(start));
}

TEST_CASE("attempt course: a twentieth of the time at most may go into waiting for an answer that is not needed") {
  attempt_course course(order_of(), start);
  CHECK(course.patience() == 0s);

  REQUIRE(course.on_report({{"loss", 1}}, start + 19s));
  CHECK(course.patience() == 1s);
  course.on_answer(attempt_answer::go_on, start + 20s);
  REQUIRE(course.on_report({{"loss", 1}}, start + 20s));

  CHECK(course.patience() == 0s);
}
