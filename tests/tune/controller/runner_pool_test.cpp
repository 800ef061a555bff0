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

  const auto todo = pool.on_alive(runner_id{2}, "n1", start);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::begin>(todo[0]).runner == runner_id{2});
  CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(1));
}

TEST_CASE("runner pool: a runner takes the next attempt until its slice is over") {
  runner_pool pool;
  for (std::uint64_t trial = 1; trial <= 3; ++trial)
    (void)pool.on_order(attempt_of(trial));
  (void)pool.on_alive(runner_id{1}, "n1", start);

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
  (void)pool.on_alive(runner_id{1}, "n1", start);
  (void)pool.on_over(runner_id{1}, start); // It takes the second.

  const auto todo = pool.on_alive(runner_id{2}, "n1", start);
  REQUIRE(todo.size() == 1);
  CHECK(std::holds_alternative<runner_pool::stop>(todo[0]));
}

TEST_CASE("runner pool: the end of a runner is the end of its attempt") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_alive(runner_id{1}, "n1", start);

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
  (void)pool.on_alive(runner_id{1}, "n1", start);

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
  (void)pool.on_alive(runner_id{1}, "n1", start);

  const auto todo = pool.on_close();
  CHECK(count<runner_pool::kill>(todo) == 2);
  CHECK(count<runner_pool::tell_over>(todo) == 1);
  CHECK(count<runner_pool::tell_over>(pool.on_order(attempt_of(9))) == 1);
}

TEST_CASE("runner pool: an attempt that avoids a node leaves its free runners alone, and goes there only if it must") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_alive(runner_id{1}, "n1", start);
  auto todo = pool.on_order(attempt_of(2), {"n1"});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::spawn>(todo[0]).where.avoid_node == "n1");

  SUBCASE("another attempt takes the runner that is free there") {
    (void)pool.on_order(attempt_of(3));
    todo = pool.on_over(runner_id{1}, start);
    REQUIRE(todo.size() == 1);
    CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(3));
  }
  SUBCASE("with nobody else it goes, and the new one begins wherever it is") {
    CHECK(count<runner_pool::stop>(pool.on_over(runner_id{1}, start)) == 1);
    const auto* where = "";
    SUBCASE("elsewhere") { where = "n2"; }
    SUBCASE("on the only node that has room") { where = "n1"; }
    todo = pool.on_alive(runner_id{2}, where, start);
    REQUIRE(todo.size() == 1);
    CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(2));
  }
}

TEST_CASE("runner pool: a runner that nobody may use is replaced by one that is asked for elsewhere") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_order(attempt_of(2), {"n1"});
  auto todo = pool.on_alive(runner_id{2}, "n2", start); // It was meant for the second, and the first is older.
  CHECK(std::get<runner_pool::begin>(todo.at(0)).attempt == attempt_of(1));

  todo = pool.on_alive(runner_id{1}, "n1", start);
  REQUIRE(todo.size() == 2);
  CHECK(std::get<runner_pool::stop>(todo[0]).runner == runner_id{1});
  CHECK(std::get<runner_pool::spawn>(todo[1]).where.avoid_node == "n1");
  todo = pool.on_alive(runner_id{3}, "n1", start);
  CHECK(std::get<runner_pool::begin>(todo.at(0)).attempt == attempt_of(2));
}
