#include "runtime/owner/restart_policy.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runtime::attempt_failure;
using runtime::restart_options;
using runtime::restart_policy;
using runtime::work_kind;

namespace {

const restart_options options;

} // namespace

TEST_CASE("restart policy: a task's user error is an answer, and never repeated") {
  restart_policy policy(work_kind::task, 3);

  CHECK(!policy.on_failure(attempt_failure::user, 1s, options));
}

TEST_CASE("restart policy: a task is repeated as often as it may, at once and then with growing delays") {
  restart_policy policy(work_kind::task, 3);

  CHECK(policy.on_failure(attempt_failure::system, 1s, options) == 0ns);
  CHECK(policy.on_failure(attempt_failure::unstarted, 0s, options) == 100ms);
  CHECK(policy.on_failure(attempt_failure::system, 1s, options) == 200ms);
  CHECK(!policy.on_failure(attempt_failure::system, 1s, options));
  CHECK(policy.restarts() == 3);
}

TEST_CASE("restart policy: without a limit the delay grows to its most and stays there") {
  restart_policy policy(work_kind::actor, -1);

  std::chrono::nanoseconds last{};
  for (int i = 0; i < 1000; ++i) {
    const auto delay = policy.on_failure(attempt_failure::system, 0s, options);
    REQUIRE(delay.has_value());
    CHECK(*delay >= last);
    last = *delay;
  }
  CHECK(last == 5s);
}

TEST_CASE("restart policy: a long healthy run ends the row of failures, not the count") {
  restart_policy policy(work_kind::actor, 3);
  (void)policy.on_failure(attempt_failure::system, 0s, options);
  CHECK(policy.on_failure(attempt_failure::system, 0s, options) == 100ms);

  CHECK(policy.on_failure(attempt_failure::system, 10s, options) == 0ns);
  CHECK(!policy.on_failure(attempt_failure::system, 10s, options));
}

TEST_CASE("restart policy: by default an actor is not restarted, whatever ended it") {
  restart_policy policy(work_kind::actor, 0);

  CHECK(!policy.on_failure(attempt_failure::system, 1s, options));
  CHECK(!policy.on_failure(attempt_failure::user, 1s, options));
}

TEST_CASE("restart policy: an actor that never started is tried again uncounted, but not for ever") {
  restart_policy policy(work_kind::actor, 0);

  for (std::uint32_t i = 0; i < options.most_unstarted; ++i)
    REQUIRE(policy.on_failure(attempt_failure::unstarted, 0s, options));
  CHECK(policy.restarts() == 0);
  CHECK(!policy.on_failure(attempt_failure::unstarted, 0s, options));
}

TEST_CASE("restart policy: what would fail alike is not repeated") {
  restart_policy policy(work_kind::actor, -1);

  CHECK(!policy.on_failure(attempt_failure::permanent, 0s, options));
}
