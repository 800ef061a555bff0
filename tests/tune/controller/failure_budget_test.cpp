#include "tune/controller/failure_budget.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

failure_budget::verdict after(failure_budget& budget, end_cause cause, const failure_options& options) {
  budget.on_end(cause);
  return budget.judge({cause, "why"}, options);
}

std::chrono::nanoseconds wait_of(const failure_budget::verdict& v) {
  return std::get<failure_budget::retry>(v).after;
}

} // namespace

TEST_CASE("failure budget: errors of the user and losses are counted apart") {
  failure_options options;
  options.max_failures = 1;
  failure_budget budget;

  CHECK(std::holds_alternative<failure_budget::retry>(after(budget, end_cause::lost, options)));
  CHECK(std::holds_alternative<failure_budget::retry>(after(budget, end_cause::crashed, options)));
  CHECK(std::holds_alternative<failure_budget::give_up>(after(budget, end_cause::hung, options)));
  CHECK(budget.losses() == 1);
  CHECK(budget.failures() == 2);
}

TEST_CASE("failure budget: each retry without progress waits twice as long, up to a limit") {
  failure_options options;
  options.max_failures = -1;
  failure_budget budget;

  CHECK(wait_of(after(budget, end_cause::threw, options)) == 50ms);
  CHECK(wait_of(after(budget, end_cause::threw, options)) == 100ms);
  CHECK(wait_of(after(budget, end_cause::crashed, options)) == 200ms);
  for (int i = 0; i < 60; ++i)
    (void)after(budget, end_cause::threw, options);
  CHECK(wait_of(after(budget, end_cause::threw, options)) == 10s);
  budget.on_progress();
  CHECK(wait_of(after(budget, end_cause::threw, options)) == 50ms);
}

TEST_CASE("failure budget: what cannot be read is tried again ever later, for a minute in all") {
  const failure_options options;
  failure_budget budget;

  std::chrono::nanoseconds waited{0};
  for (const auto wait :
       {100ms, 200ms, 400ms, 800ms, 1'600ms, 3'200ms, 6'400ms, 10'000ms, 10'000ms, 10'000ms, 10'000ms}) {
    CHECK(wait_of(after(budget, end_cause::unreadable_checkpoint, options)) == wait);
    waited += wait;
  }
  const auto last = after(budget, end_cause::unreadable_checkpoint, options);
  REQUIRE(std::holds_alternative<failure_budget::restore_older>(last));
  CHECK(std::get<failure_budget::restore_older>(last).waited == waited);
  budget.on_older_restored();
  CHECK(wait_of(after(budget, end_cause::unreadable_checkpoint, options)) == 100ms);
  CHECK(budget.losses() == 0);
  CHECK(budget.failures() == 0);
}

TEST_CASE("failure budget: a checkpoint that was read once has all its time again") {
  const failure_options options;
  failure_budget budget;
  for (int i = 0; i < 11; ++i)
    (void)after(budget, end_cause::unreadable_checkpoint, options);

  (void)after(budget, end_cause::threw, options); // The user's code failed, before any result: it was read.

  CHECK(wait_of(after(budget, end_cause::unreadable_checkpoint, options)) == 100ms);
}

TEST_CASE("failure budget: what nobody is to blame for costs nothing") {
  failure_options options;
  options.max_losses = 0;
  failure_budget budget;

  CHECK(wait_of(after(budget, end_cause::driver_lost, options)) == 0ns);
  CHECK(wait_of(after(budget, end_cause::bad_checkpoint, options)) == 0ns);
  CHECK(std::holds_alternative<failure_budget::give_up>(after(budget, end_cause::lost, options)));
}
