#include "tune/worker/posix_attempt_exchange.hpp"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/result.hpp"

// Mostly with a listener; how it is asked is seen through its trial runner, too.
using namespace tune;

namespace {

attempt_order order_of(std::uint64_t trial, iteration_number free_until) {
  attempt_order o;
  o.trial = trial_id(trial);
  o.attempt = 2;
  o.free_until = free_until;
  return o;
}

attempt_report report(iteration_number iteration) {
  attempt_report r;
  r.iteration = iteration;
  return r;
}

constexpr std::chrono::nanoseconds for_ever = std::chrono::hours(1);

} // namespace

TEST_CASE("attempt exchange: a listener hears each event at once, in order, and whose it is") {
  std::vector<std::pair<trial_id, std::size_t>> heard;
  attempt_exchange exchange([&](trial_id trial, attempt_number attempt, const attempt_event& event) {
    CHECK(attempt == 2);
    heard.emplace_back(trial, event.index());
  });
  for (const std::uint64_t trial : {5, 6}) {
    runtime::or_throw(exchange.begin(order_of(trial, 100)));
    CHECK(exchange.wait_for_order()->trial == trial_id(trial));
    exchange.tell(attempt_alive{});
    exchange.tell(report(1));
    exchange.tell_last({});
  }
  const std::vector<std::pair<trial_id, std::size_t>> all = {{trial_id(5), 0}, {trial_id(5), 1}, {trial_id(5), 2},
                                                             {trial_id(6), 0}, {trial_id(6), 1}, {trial_id(6), 2}};
  CHECK(heard == all);
}

TEST_CASE("attempt exchange: a listener may begin the next attempt when it hears of the end") {
  attempt_exchange* at = nullptr;
  bool has_begun = false;
  attempt_exchange exchange([&](trial_id trial, attempt_number, const attempt_event& event) {
    if (std::holds_alternative<attempt_over>(event) && trial == trial_id(1))
      has_begun = at->begin(order_of(2, 0)).has_value();
  });
  at = &exchange;
  runtime::or_throw(exchange.begin(order_of(1, 0)));
  (void)exchange.wait_for_order();
  CHECK_FALSE(exchange.begin(order_of(3, 0)));

  exchange.tell_last({});

  CHECK(has_begun);
  CHECK(exchange.wait_for_order()->trial == trial_id(2));
}

TEST_CASE("attempt exchange: what is said to one attempt is not said to the next") {
  attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
  runtime::or_throw(exchange.begin(order_of(1, 100)));
  (void)exchange.wait_for_order();
  exchange.tell(report(1));
  runtime::or_throw(exchange.answer({attempt_answer::stop, 0, 1}));
  CHECK(exchange.wait_for_answer(1, for_ever) == attempt_answer::stop);
  exchange.tell_last({});
  CHECK_FALSE(exchange.answer({attempt_answer::stop, 0, 1}));

  runtime::or_throw(exchange.begin(order_of(2, 0)));
  (void)exchange.wait_for_order();
  CHECK(exchange.progress().answered == 0);
  exchange.tell(report(1));
  runtime::or_throw(exchange.answer({attempt_answer::go_on, 0, 1}));
  CHECK(exchange.wait_for_answer(1, for_ever) == attempt_answer::go_on);
}

TEST_CASE("attempt exchange: an answer says to which report, and a late one takes nothing back") {
  attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
  runtime::or_throw(exchange.begin(order_of(1, 100)));
  (void)exchange.wait_for_order();
  for (iteration_number i = 1; i <= 3; ++i)
    exchange.tell(report(i));
  CHECK(exchange.progress().told == 3);

  runtime::or_throw(exchange.answer({attempt_answer::go_on, 0, 2}));
  CHECK(exchange.progress().answered == 2);
  runtime::or_throw(exchange.answer({attempt_answer::go_on, 0, 1}));
  CHECK(exchange.progress().answered == 2);
}

TEST_CASE("attempt exchange: a restored attempt counts from where it is") {
  attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
  auto order = order_of(1, 6000);
  order.restore = checkpoint_ref{5000, 1, "node", "/there", true, 1};
  runtime::or_throw(exchange.begin(order));
  (void)exchange.wait_for_order();

  exchange.tell(report(5001)); // Else it would wait for the answers to 5,000 that it never told.

  CHECK(exchange.progress().answered == 5000);
  CHECK(exchange.progress().told == 5001);
}

TEST_CASE("attempt exchange: who tells is not further ahead of the answers than it may be") {
  constexpr auto most = static_cast<iteration_number>(attempt_exchange::most_waiting);
  constexpr iteration_number all = 5'000;
  std::atomic<iteration_number> answered = 0, heard = 0, furthest = 0;
  attempt_exchange exchange([&](trial_id, attempt_number, const attempt_event& event) {
    heard = std::get<attempt_report>(event).iteration;
    furthest = std::max<iteration_number>(furthest, heard - answered);
  });
  runtime::or_throw(exchange.begin(order_of(1, all + 1)));
  (void)exchange.wait_for_order();
  std::thread trial([&] {
    for (iteration_number i = 1; i <= all; ++i)
      exchange.tell(report(i));
  });

  while (answered < all) {
    while (heard < std::min(answered + most, all)) // It comes that far by itself,
      std::this_thread::yield();
    answered = std::min<iteration_number>(answered + 700, all); // and no further before this.
    runtime::or_throw(exchange.answer({attempt_answer::go_on, 0, answered}));
  }
  trial.join();

  CHECK(furthest == most);
}

TEST_CASE("attempt exchange: who is as far ahead as it may be, and is told to end, does not wait for room") {
  attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
  runtime::or_throw(exchange.begin(order_of(1, 10'000)));
  REQUIRE(exchange.wait_for_order());
  constexpr auto most = static_cast<iteration_number>(attempt_exchange::most_waiting);
  for (iteration_number i = 1; i <= most; ++i)
    exchange.tell(report(i));

  auto ends = std::async(std::launch::async, [&] {
    exchange.tell(report(most + 1)); // There is no room.
    return exchange.wait_for_answer(most + 1, for_ever);
  });
  runtime::or_throw(exchange.answer({attempt_answer::stop, 0, 0}));

  const bool has_ended = ends.wait_for(std::chrono::seconds(60)) == std::future_status::ready;
  CHECK(has_ended);
  if (!has_ended)
    exchange.close(); // Or the test would hang.
  CHECK(ends.get() == attempt_answer::stop);
}

TEST_CASE("attempt exchange: a stop that answers an earlier report is heard when the newest is on disk, too (I5)") {
  for (const iteration_number free_until : {10'000, 0}) { // Without leave, too: it may have been given for the earlier.
    CAPTURE(free_until);
    attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
    runtime::or_throw(exchange.begin(order_of(1, free_until)));
    REQUIRE(exchange.wait_for_order());
    for (iteration_number i = 1; i <= 2; ++i)
      exchange.tell(report(i));
    runtime::or_throw(exchange.answer({attempt_answer::pause, 0, 1}));
    std::promise<void> waits;

    auto second = std::async(std::launch::async, [&] {
      waits.set_value();
      const auto said = exchange.wait_for_answer(2, std::chrono::nanoseconds(0));
      return std::pair(said, exchange.progress().answered.load());
    });
    waits.get_future().wait();
    for (int i = 0; i < 1'000; ++i) // It has every chance to be wrong.
      std::this_thread::yield();
    runtime::or_throw(exchange.answer({attempt_answer::pause, 0, 2}));

    CHECK(second.get() == std::pair<attempt_answer, iteration_number>(attempt_answer::pause, 2));
  }
}

TEST_CASE("attempt exchange: who asks answers whole batches, and a stop is heard with the newest report (I5)") {
  attempt_exchange exchange;
  std::vector<std::size_t> given;
  const auto keep = [&](const attempt_events& events) { given.push_back(events.size()); };
  runtime::or_throw(exchange.begin(order_of(1, /*free_until=*/3), keep));
  REQUIRE(exchange.wait_for_order());
  exchange.tell(report(1)); // Given at once.
  for (iteration_number i = 2; i <= 3; ++i)
    exchange.tell(report(i));
  runtime::or_throw(exchange.answer({attempt_answer::pause, 0, 0}, keep)); // To the first; gives both others.
  CHECK(exchange.progress().answered == 1);
  std::promise<void> waits;

  auto third = std::async(std::launch::async, [&] {
    waits.set_value();
    const auto said = exchange.wait_for_answer(3, std::chrono::nanoseconds(0));
    return std::pair(said, exchange.progress().answered.load());
  });
  waits.get_future().wait();
  for (int i = 0; i < 1'000; ++i) // It has every chance to be wrong.
    std::this_thread::yield();
  runtime::or_throw(exchange.answer({attempt_answer::pause, 0, 0}, keep));

  CHECK(third.get() == std::pair<attempt_answer, iteration_number>(attempt_answer::pause, 3));
  CHECK(given == std::vector<std::size_t>{1, 2});
}

TEST_CASE("attempt exchange: a stop that answers no report ends the wait at once") {
  attempt_exchange exchange([](trial_id, attempt_number, const attempt_event&) {});
  runtime::or_throw(exchange.begin(order_of(1, 0)));
  REQUIRE(exchange.wait_for_order());
  exchange.tell(report(1));
  runtime::or_throw(exchange.answer({attempt_answer::stop, 0, 0}));

  CHECK(exchange.wait_for_answer(1, for_ever) == attempt_answer::stop);
  CHECK(exchange.progress().answered == 0);
}
