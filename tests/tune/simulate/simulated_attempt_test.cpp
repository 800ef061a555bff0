#include "tune/simulate/simulated_attempt.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr instant start{1h};

/// Iteration i reports i, after two seconds.
class steady_curve final : public trial_curve {
public:
  metrics at(iteration_number iteration) const override { return {{"x", iteration}}; }
  std::chrono::nanoseconds time(iteration_number) const override { return 2s; }
};

attempt_order order_of(iteration_number most, iteration_number every = 1) {
  attempt_order order;
  order.trial = trial_id{1};
  order.attempt = 3;
  order.metrics = {"x"};
  order.max_iterations = most;
  order.checkpoints = {every, /*at_end=*/true};
  return order;
}

simulated_attempt begin(const attempt_order& order, simulated_attempt::costs how) {
  return {order, "node-1", std::make_unique<steady_curve>(), how, start};
}

simulated_attempt::costs saving_takes(std::chrono::nanoseconds time) {
  simulated_attempt::costs how;
  how.saving = time;
  return how;
}

attempt_report report_at(simulated_attempt& attempt, instant when) {
  REQUIRE(attempt.due() == when);
  auto told = attempt.on_time(when);
  REQUIRE(told);
  REQUIRE(std::holds_alternative<attempt_report>(*told));
  return std::get<attempt_report>(*told);
}

attempt_over end_at(simulated_attempt& attempt, instant when) {
  REQUIRE(attempt.due() == when);
  auto told = attempt.on_time(when);
  REQUIRE(told);
  REQUIRE(std::holds_alternative<attempt_over>(*told));
  return std::get<attempt_over>(*told);
}

} // namespace

TEST_CASE("simulated attempt: it steps, saves and ends, each in its time") {
  auto attempt = begin(order_of(2), saving_takes(500ms));

  REQUIRE(attempt.due() == start + 2s);
  CHECK(!attempt.on_time(start + 2s)); // It saves.
  const auto first = report_at(attempt, start + 2500ms);
  CHECK(first.iteration == 1);
  CHECK(first.values.get<int>("x") == 1);
  CHECK(first.time_this_iteration_s == 2);
  REQUIRE(first.checkpoint);
  CHECK(*first.checkpoint == checkpoint_ref{1, 3, "node-1", "", /*in_storage=*/true, 0});
  attempt.on_answer(attempt_answer::go_on, start + 2500ms);
  CHECK(!attempt.on_time(start + 4500ms));
  CHECK(report_at(attempt, start + 5s).checkpoint->iteration == 2);
  attempt.on_answer(attempt_answer::go_on, start + 5s);
  const auto over = end_at(attempt, start + 5s);
  CHECK(over.end.cause == end_cause::finished);
  CHECK(!over.checkpoint); // It is written already.
}

TEST_CASE("simulated attempt: told to pause it saves what is not saved, and ends") {
  auto attempt = begin(order_of(9, /*every=*/5), saving_takes(500ms));

  CHECK(!report_at(attempt, start + 2s).checkpoint);
  attempt.on_answer(attempt_answer::pause, start + 2s);
  const auto over = end_at(attempt, start + 2500ms);
  CHECK(over.end.cause == end_cause::paused);
  CHECK(over.checkpoint->iteration == 1);
}

TEST_CASE("simulated attempt: what cannot be saved is not") {
  auto how = saving_takes(500ms);
  how.can_save = false;
  auto attempt = begin(order_of(9), how);

  CHECK(!report_at(attempt, start + 2s).checkpoint);
  attempt.on_answer(attempt_answer::stop, start + 2s);
  const auto over = end_at(attempt, start + 2s);
  CHECK(over.end.cause == end_cause::stopped);
  CHECK(!over.checkpoint);
}

TEST_CASE("simulated attempt: it goes on from a checkpoint, which takes as long to read as to write") {
  auto order = order_of(6);
  order.restore = checkpoint_ref{4, 2, "node-2", "", true, 0};
  auto attempt = begin(order, saving_takes(500ms));

  REQUIRE(attempt.due() == start + 500ms);
  CHECK(!attempt.on_time(start + 500ms));
  CHECK(attempt.unsaved_iterations() == 0);
  CHECK(!attempt.on_time(start + 2500ms));
  CHECK(report_at(attempt, start + 3s).iteration == 5);
}

TEST_CASE("simulated attempt: one that was through when it was lost ends at once") {
  auto order = order_of(4);
  order.restore = checkpoint_ref{4, 2, "node-2", "", true, 0};
  auto attempt = begin(order, {});

  CHECK(end_at(attempt, start).end.cause == end_cause::finished);
}

TEST_CASE("simulated attempt: what would be lost is what came after the last checkpoint") {
  auto attempt = begin(order_of(9, /*every=*/2), {});

  CHECK(attempt.unsaved_time(start + 1s) == 1s);
  CHECK(!report_at(attempt, start + 2s).checkpoint);
  attempt.on_answer(attempt_answer::go_on, start + 2s);
  CHECK(attempt.unsaved_iterations() == 1);
  CHECK(attempt.unsaved_time(start + 3s) == 3s);
  CHECK(report_at(attempt, start + 4s).checkpoint);
  attempt.on_answer(attempt_answer::go_on, start + 4s);
  CHECK(attempt.unsaved_iterations() == 0);
  CHECK(attempt.unsaved_time(start + 5s) == 1s);
}

TEST_CASE("simulated attempt: iterations fail as often as is asked for, and not the same in each attempt") {
  simulated_attempt::costs how;
  how.failure_chance = 0.25;
  std::size_t failed = 0;
  for (std::uint64_t trial = 1; trial <= 1000; ++trial) {
    auto order = order_of(9);
    order.trial = trial_id{trial};
    auto attempt = begin(order, how);
    const auto told = attempt.on_time(attempt.due());
    REQUIRE(told);
    if (const auto* over = std::get_if<attempt_over>(&*told)) {
      ++failed;
      CHECK(over->end.cause == end_cause::threw);
      CHECK(over->end.why == "iteration 1 failed, as was asked for");
    }
  }
  CHECK(failed > 200);
  CHECK(failed < 300);

  std::size_t failed_again = 0;
  for (attempt_number number = 1; number <= 100; ++number) {
    auto order = order_of(9);
    order.attempt = number;
    auto attempt = begin(order, how);
    failed_again += std::holds_alternative<attempt_over>(*attempt.on_time(attempt.due())) ? 1 : 0;
  }
  CHECK(failed_again > 0);
  CHECK(failed_again < 100);
}
