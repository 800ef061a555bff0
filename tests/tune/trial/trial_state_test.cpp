#include "tune/trial/trial_state.hpp"

#include <initializer_list>

#include <doctest/doctest.h>

using namespace tune;
using s = trial_state;

namespace {

constexpr std::initializer_list<s> all = {s::pending, s::running, s::paused, s::terminated, s::stopped, s::error};

} // namespace

TEST_CASE("trial state: each has its word, and the word names it") {
  for (const auto state : all)
    CHECK(trial_state_from(to_string(state)) == state);
  CHECK_FALSE(trial_state_from("finished"));
  CHECK_FALSE(trial_state_from(""));
}

TEST_CASE("trial state: nothing follows an end (I2)") {
  for (const auto from : all)
    for (const auto to : all)
      if (has_ended(from))
        CHECK_FALSE(may_follow(from, to));
}

TEST_CASE("trial state: how a life may go") {
  CHECK(may_follow(s::pending, s::running));
  CHECK(may_follow(s::pending, s::stopped));
  CHECK(may_follow(s::running, s::pending)); // Its attempt was lost.
  CHECK(may_follow(s::running, s::paused));
  CHECK(may_follow(s::running, s::terminated));
  CHECK(may_follow(s::paused, s::pending));
  CHECK(may_follow(s::paused, s::paused));      // Its user holds it now.
  CHECK(may_follow(s::pending, s::terminated)); // Its attempt was ended at its deadline.
  CHECK_FALSE(may_follow(s::paused, s::running));
  CHECK_FALSE(may_follow(s::running, s::running));
}
