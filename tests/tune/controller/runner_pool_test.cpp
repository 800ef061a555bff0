#include "tune/controller/runner_pool.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr runtime::instant start{1h};

attempt_key attempt_of(std::uint64_t trial) {
  return {trial_id{trial}, 1};
}

template <class Action>
std::size_t count(const runner_pool::actions& todo) {
  std::size_t n = 0;
  for (const auto& each : todo)
    n += std::holds_alternative<Action>(each) ? 1 : 0;
  return n;
}

} // namespace

TEST_CASE("runner pool: a runner for each attempt that waits; who is alive first begins with the oldest") {
  runner_pool pool;
  CHECK(count<runner_pool::spawn>(pool.on_order(attempt_of(1))) == 1);
  CHECK(count<runner_pool::spawn>(pool.on_order(attempt_of(2))) == 1);

  const auto todo = pool.on_alive(runner_id{2}, start);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::begin>(todo[0]).runner == runner_id{2});
  CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(1));
}

TEST_CASE("runner pool: a runner takes the next attempt until its slice is over") {
  runner_pool pool;
  for (std::uint64_t trial = 1; trial <= 3; ++trial)
    (void)pool.on_order(attempt_of(trial));
  (void)pool.on_alive(runner_id{1}, start);

  auto todo = pool.on_over(runner_id{1}, start + 10ms);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(2));
  todo = pool.on_over(runner_id{1}, start + 1s);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::stop>(todo[0]).runner == runner_id{1});
}

TEST_CASE("runner pool: who comes and has nothing to do goes") {
  runner_pool pool;
  for (std::uint64_t trial = 1; trial <= 2; ++trial)
    (void)pool.on_order(attempt_of(trial));
  (void)pool.on_alive(runner_id{1}, start);
  (void)pool.on_over(runner_id{1}, start); // It takes the second.

  const auto todo = pool.on_alive(runner_id{2}, start);
  REQUIRE(todo.size() == 1);
  CHECK(std::holds_alternative<runner_pool::stop>(todo[0]));
}

TEST_CASE("runner pool: the end of a runner is the end of its attempt") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_alive(runner_id{1}, start);

  const auto todo = pool.on_ended(runner_id{1}, {end_cause::crashed, "signal 11"});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).attempt == attempt_of(1));
  CHECK(std::get<runner_pool::tell_over>(todo[0]).end.why == "signal 11");
  CHECK(pool.on_ended(runner_id{1}, {end_cause::crashed, "signal 11"}).empty());
}

TEST_CASE("runner pool: what fits on no node is told to all that wait; another failed start to one of them") {
  runner_pool pool;
  for (std::uint64_t trial = 1; trial <= 3; ++trial)
    (void)pool.on_order(attempt_of(trial));

  auto todo = pool.on_ended(runner_id{1}, {end_cause::not_started, "no such program"});
  CHECK(count<runner_pool::tell_over>(todo) == 1);
  CHECK(count<runner_pool::spawn>(todo) == 0); // Two wait, two come.
  todo = pool.on_ended(runner_id{2}, {end_cause::infeasible, "gpu=1 fits on no node"});
  CHECK(count<runner_pool::tell_over>(todo) == 2);
}

TEST_CASE("runner pool: an attempt that waits can be taken back, and one that runs is killed") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_order(attempt_of(2));
  (void)pool.on_alive(runner_id{1}, start);

  auto todo = pool.on_kill(attempt_of(2));
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).attempt == attempt_of(2));
  todo = pool.on_kill(attempt_of(1));
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::kill>(todo[0]).runner == runner_id{1});
  CHECK(pool.on_kill(attempt_of(7)).empty());
}

TEST_CASE("runner pool: closed, every runner ends and nothing begins") {
  runner_pool pool;
  for (std::uint64_t trial = 1; trial <= 2; ++trial)
    (void)pool.on_order(attempt_of(trial));
  (void)pool.on_alive(runner_id{1}, start);

  const auto todo = pool.on_close();
  CHECK(count<runner_pool::kill>(todo) == 2);
  CHECK(count<runner_pool::tell_over>(todo) == 1);
  CHECK(count<runner_pool::tell_over>(pool.on_order(attempt_of(9))) == 1);
}
