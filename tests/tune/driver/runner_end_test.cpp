#include "tune/driver/runner_end.hpp"

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("runner end: what a user reads does not name the machinery") {
  const auto text_of = [](errc code, const std::string& what) {
    return end_of_runner(fail(code, "actor of type \"caf_tune.trial_runner\"" + what)).why;
  };

  CHECK(text_of(errc::worker_lost, ": worker exited with code 3") == "worker exited with code 3");
  CHECK(text_of(errc::cancelled, " was stopped") == "its worker was stopped");
  CHECK(text_of(errc::infeasible, ": gpu=1 fits on no node: the cluster has none") ==
        "resources: gpu=1 fits on no node: the cluster has none");
  CHECK(end_of_runner(fail(errc::io, "the disk is full")).why == "the disk is full");
}

TEST_CASE("runner end: who is to blame") {
  const auto cause_of = [](errc code) { return end_of_runner(fail(code, "why")).cause; };

  CHECK(cause_of(errc::infeasible) == end_cause::infeasible);
  CHECK(cause_of(errc::worker_lost) == end_cause::crashed);
  CHECK(cause_of(errc::node_lost) == end_cause::lost);
  CHECK(cause_of(errc::unreachable) == end_cause::lost);
  CHECK(cause_of(errc::cancelled) == end_cause::stopped);
  CHECK(cause_of(errc::user_code) == end_cause::threw);
  CHECK(cause_of(errc::timed_out) == end_cause::not_started);
  CHECK(end_of_runner({}).cause == end_cause::not_started);
}
