#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

// No two attempts of a trial have one number (I3), whenever the driver crashes: what the first still says and writes
// after that could be taken for the second's.

using namespace tune;
using namespace std::chrono_literals;
using virtual_tune::virtual_experiment;

namespace {

virtual_experiment of_one_trial() {
  virtual_experiment x(virtual_experiment::options(1));
  x.syncs_starts = false;
  x.begin(1);
  return x;
}

std::vector<attempt_number> started(const virtual_experiment& x) {
  std::vector<attempt_number> numbers;
  for (const auto& each : x.all<record::attempt_started>())
    numbers.push_back(each.attempt);
  return numbers;
}

} // namespace

TEST_CASE("attempt numbers: an attempt begins when its number is on disk, and not before") {
  auto x = of_one_trial();
  REQUIRE(started(x) == std::vector<attempt_number>{1});
  x.sync_to(x.written.size() - 1);
  CHECK(x.attempts.empty());

  x.sync();
  REQUIRE(x.attempts.size() == 1);
  CHECK(x.attempts.at(trial_id{1}).attempt == 1);
  x.sync(); // Told again, it does not begin again.
  CHECK(x.begun.size() == 1);
}

TEST_CASE("attempt numbers: after a crash each that may have begun has a number of its own") {
  auto x = of_one_trial();
  SUBCASE("before the number was on disk nothing has begun, and it is given once more") {
    x.crash_and_reopen(1);
    x.sync();
    CHECK(x.begun == std::set<std::pair<trial_id, attempt_number>>{{trial_id{1}, 1}});
  }
  SUBCASE("after that, what the first says is not heard") {
    x.sync();
    x.crash_and_reopen(1);
    x.pass(50ms);
    x.sync();
    REQUIRE(x.attempts.count(trial_id{1}) == 1);
    CHECK(x.attempts.at(trial_id{1}).attempt == 2);
    const auto before = x.written.size();
    attempt_report late;
    late.iteration = 1;
    late.values = {{"accuracy", 0.9}};
    const attempt_alive alive{"node-1", "host-1", "10.0.0.1", 100, true, "/t"};
    CHECK(x.core->on_attempt_events(trial_id{1}, 1, {alive, late}, x.now()).empty());
    CHECK(x.written.size() == before);
    CHECK(x.core->results() == 0);
  }
}

TEST_CASE("attempt numbers: one that is to end before its number is on disk begins, and ends like any other") {
  auto x = of_one_trial();
  SUBCASE("stopped by its user") {
    REQUIRE(x.stop(1).empty());
    CHECK(x.killed.empty());
    x.sync();
    REQUIRE(x.killed.size() == 1);
    x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");
    CHECK(x.state_of(1) == trial_state::stopped);
  }
  SUBCASE("the driver ends") {
    x.interrupt();
    x.interrupt_again();
    CHECK(x.killed.empty());
    x.sync();
    REQUIRE(x.killed.size() == 1);
    x.over(1, end_cause::crashed, "signal 9 (SIGKILL)");
    CHECK(x.state_of(1) == trial_state::pending);
  }
  x.sync();
  REQUIRE(x.ended);
}

TEST_CASE("attempt numbers: on threads of the driver, which end with it, an attempt need not wait for the disk") {
  auto options = virtual_experiment::options(1);
  options.told_at_once = true;
  virtual_experiment x(options);
  x.begin(1);
  CHECK(x.attempts.size() == 1);
  CHECK(x.durable == 0);
  CHECK(x.hastes.back() == record_haste::none);
}
