#include "tune/callback/callback_backlog.hpp"

#include <doctest/doctest.h>

using namespace tune;
using added = callback_backlog::added;

namespace {

callback_event result_of(iteration_number iteration) {
  trial_report report;
  report.iteration = iteration;
  return report;
}

iteration_number iteration_of(const std::optional<callback_event>& event) {
  REQUIRE(event);
  return std::get<trial_report>(*event).iteration;
}

} // namespace

TEST_CASE("callback backlog: events come out as they went in") {
  callback_backlog backlog(10);
  for (iteration_number i = 1; i <= 3; ++i)
    CHECK(backlog.add(result_of(i)) == added::waits);

  CHECK(backlog.size() == 3);
  for (iteration_number i = 1; i <= 3; ++i)
    CHECK(iteration_of(backlog.take()) == i);
  CHECK_FALSE(backlog.take());
  CHECK(backlog.dropped() == 0);
}

TEST_CASE("callback backlog: what comes while it is full is dropped and counted, the first is noticed") {
  callback_backlog backlog(2);
  CHECK(backlog.add(result_of(1)) == added::waits);
  CHECK(backlog.add(result_of(2)) == added::waits);
  CHECK(backlog.add(result_of(3)) == added::dropped_first);
  CHECK(backlog.add(result_of(4)) == added::dropped);
  CHECK(iteration_of(backlog.take()) == 1);
  CHECK(backlog.add(result_of(5)) == added::waits);
  CHECK(backlog.add(result_of(6)) == added::dropped);

  CHECK(iteration_of(backlog.take()) == 2);
  CHECK(iteration_of(backlog.take()) == 5);
  CHECK(backlog.dropped() == 3);
  CHECK(backlog.heard_of() == 6);
}

TEST_CASE("callback backlog: the end of the experiment is never dropped") {
  callback_backlog backlog(1);
  backlog.add(result_of(1));

  CHECK(backlog.add(experiment_end{"finished", true}) == added::waits);

  CHECK(backlog.size() == 2);
  CHECK(backlog.dropped() == 0);
}
