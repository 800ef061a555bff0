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
    SUBCASE("elsewhere") {
      where = "n2";
    }
    SUBCASE("on the only node that has room") {
      where = "n1";
    }
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

TEST_CASE("runner pool: an attempt runs on a runner of its own size alone") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  auto todo = pool.on_order(attempt_of(2), {"", false, /*size=*/4});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::spawn>(todo[0]).where.size == 4);
  CHECK(count<runner_pool::spawn>(pool.on_order(attempt_of(3))) == 1);

  todo = pool.on_alive(runner_id{2}, "n1", start);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::begin>(todo[0]).attempt == attempt_of(2)); // The first is older, and smaller.
  todo = pool.on_over(runner_id{2}, start);
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::stop>(todo[0]).runner == runner_id{2}); // Though two wait.
  todo = pool.on_alive(runner_id{1}, "n1", start);
  CHECK(std::get<runner_pool::begin>(todo.at(0)).attempt == attempt_of(1));
  (void)pool.on_order(attempt_of(4), {"", false, /*size=*/4});
  todo = pool.on_over(runner_id{1}, start);
  CHECK(std::get<runner_pool::begin>(todo.at(0)).attempt == attempt_of(3));
}

TEST_CASE("runner pool: what does not come, or fits nowhere, concerns those of its size alone") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1));
  (void)pool.on_order(attempt_of(2), {"", false, /*size=*/4});
  (void)pool.on_order(attempt_of(3), {"", false, /*size=*/4});

  auto todo = pool.on_ended(runner_id{3}, {end_cause::not_started, "no such program"});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).attempt == attempt_of(2)); // The oldest of them.
  todo = pool.on_ended(runner_id{2}, {end_cause::infeasible, "cpu=4 fits on no node"});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).attempt == attempt_of(3));
  CHECK(std::get<runner_pool::begin>(pool.on_alive(runner_id{1}, "n1", start).at(0)).attempt == attempt_of(1));
}

TEST_CASE("runner pool: an attempt that is withdrawn waits no more, and its runner asks for nothing any more") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1), {"", false, /*size=*/4});
  auto todo = pool.on_withdraw(attempt_of(1), "they were not granted within 5 s");
  REQUIRE(todo.size() == 2);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).end.cause == end_cause::stopped);
  CHECK(std::get<runner_pool::tell_over>(todo[0]).end.why == "they were not granted within 5 s");
  CHECK(std::get<runner_pool::kill>(todo[1]).runner == runner_id{1});
  CHECK(pool.on_withdraw(attempt_of(1), "why").empty());

  (void)pool.on_order(attempt_of(1)); // It does without.
  CHECK(pool.on_ended(runner_id{1}, {end_cause::stopped, ""}).empty());
  SUBCASE("one of the usual size is left for the next") {
    todo = pool.on_withdraw(attempt_of(1), "why");
    CHECK(todo.size() == 1);
    CHECK(count<runner_pool::spawn>(pool.on_order(attempt_of(2))) == 0);
  }
  SUBCASE("nothing happens to one that has begun") {
    (void)pool.on_alive(runner_id{2}, "n1", start);
    CHECK(pool.on_withdraw(attempt_of(1), "why").empty());
  }
}

TEST_CASE("runner pool: of many sizes that come and go each attempt gets a runner of its size") {
  runner_pool pool;
  std::uint64_t spawned = 0;
  std::map<std::uint64_t, trial_size> sizes; // Of runners that are to come, by number.
  const auto take = [&](const runner_pool::actions& todo) {
    for (const auto& each : todo)
      if (const auto* made = std::get_if<runner_pool::spawn>(&each))
        sizes[++spawned] = made->where.size;
  };
  for (std::uint64_t trial = 1; trial <= 12; ++trial)
    take(pool.on_order(attempt_of(trial), {"", false, static_cast<trial_size>(1 + trial % 3)}));
  take(pool.on_withdraw(attempt_of(4), "why"));
  take(pool.on_kill(attempt_of(5)));
  std::size_t begun = 0;
  for (const auto& [number, size] : std::map(sizes))
    for (const auto& each : pool.on_alive(runner_id{number}, "n1", start))
      if (const auto* begins = std::get_if<runner_pool::begin>(&each)) {
        CHECK(1 + begins->attempt.trial.value % 3 == size);
        ++begun;
      }
  CHECK(begun == 10);
}

TEST_CASE("runner pool: a runner is asked for as the attempt wants it that waits without one") {
  runner_pool pool;
  (void)pool.on_order(attempt_of(1), {"", false, /*size=*/4});
  (void)pool.on_withdraw(attempt_of(1), "why");
  CHECK(pool.on_order(attempt_of(1), {"n1", false, /*size=*/4}).empty()); // One of its size is still to end.
  CHECK(count<runner_pool::spawn>(pool.on_order(attempt_of(2))) == 1);

  const auto todo = pool.on_ended(runner_id{1}, {end_cause::stopped, ""});
  REQUIRE(todo.size() == 1);
  CHECK(std::get<runner_pool::spawn>(todo[0]).where.size == 4);
  CHECK(std::get<runner_pool::spawn>(todo[0]).where.avoid_node == "n1");
}
