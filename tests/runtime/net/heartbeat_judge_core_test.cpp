#include "runtime/net/heartbeat_judge_core.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;
using core = heartbeat_judge_core;

namespace {

const instant start{1000s};
const node_id one{1}, two{2};
const incarnation life{7}, next_life{8};

} // namespace

TEST_CASE("heartbeat judge: a node unheard for 5 s is silent, and is said to be so once") {
  core judge({});
  judge.watch(one, life, start);
  judge.on_heartbeat(one, life, start + 2s);

  CHECK(judge.wake_at() == start + 7s);
  CHECK(judge.on_time(start + 6999ms).empty());
  const auto actions = judge.on_time(start + 7s);

  REQUIRE(actions.size() == 1);
  const auto& silent = std::get<core::silent>(actions[0]);
  CHECK(silent.node == one);
  CHECK(silent.life == life);
  CHECK(silent.silence == 5s);
  CHECK(judge.on_time(start + 60s).empty());
  CHECK_FALSE(judge.wake_at());
}

TEST_CASE("heartbeat judge: a silent node that is heard again is back, and can fall silent again") {
  core judge({});
  judge.watch(one, life, start);
  judge.on_time(start + 5s);

  const auto heard = judge.on_heartbeat(one, life, start + 9s);

  REQUIRE(heard.size() == 1);
  CHECK(std::get<core::back>(heard[0]).node == one);
  CHECK(judge.on_heartbeat(one, life, start + 9s).empty()); // It comes twice.
  CHECK(judge.on_time(start + 14s).size() == 1);
}

TEST_CASE("heartbeat judge: only what is watched is heard, in its newest incarnation") {
  core judge({});
  judge.watch(one, life, start);
  judge.watch(one, next_life, start + 1s);

  CHECK_FALSE(judge.is_watched(one, life));
  CHECK(judge.is_watched(one, next_life));
  CHECK(judge.on_heartbeat(one, life, start + 4s).empty()); // The old process's last words.
  CHECK(judge.on_heartbeat(two, life, start + 4s).empty());

  const auto actions = judge.on_time(start + 6s);
  REQUIRE(actions.size() == 1);
  CHECK(std::get<core::silent>(actions[0]).life == next_life);
}

TEST_CASE("heartbeat judge: nothing is said of a node that was forgotten") {
  core judge({});
  judge.watch(one, life, start);
  judge.watch(two, life, start);

  judge.forget(one);
  judge.forget(one);

  const auto actions = judge.on_time(start + 60s);
  REQUIRE(actions.size() == 1);
  CHECK(std::get<core::silent>(actions[0]).node == two);
}

TEST_CASE("heartbeat judge: to watch a silent node again is a fresh start") {
  core judge({});
  judge.watch(one, life, start);
  judge.on_time(start + 5s);

  judge.watch(one, life, start + 6s);

  CHECK(judge.wake_at() == start + 11s);
  CHECK(judge.on_heartbeat(one, life, start + 7s).empty());
}

TEST_CASE("heartbeat judge: of many nodes the one heard longest ago is due first") {
  core judge({});
  for (std::uint64_t i = 1; i <= 1000; ++i)
    judge.watch(node_id{i}, life, start + std::chrono::milliseconds(i));
  judge.on_heartbeat(node_id{1}, life, start + 2s);

  CHECK(judge.wake_at() == start + 5s + 2ms);
  CHECK(judge.on_time(start + 5s + 1000ms).size() == 999);
  CHECK(judge.wake_at() == start + 7s);
}

TEST_CASE("heartbeat judge: a patience of nothing is refused") {
  CHECK(validate(heartbeat_judge_options{0s}).error() ==
        error{errc::invalid_argument, "silent_after must be more than 0"});
  CHECK(validate(heartbeat_judge_options{}));
}
