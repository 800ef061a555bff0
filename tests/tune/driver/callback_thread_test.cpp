#include "tune/driver/callback_thread.hpp"

#include <future>
#include <mutex>
#include <stdexcept>

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

callback_event result_of(iteration_number iteration) {
  trial_report report;
  report.iteration = iteration;
  return report;
}

/// Hears results; throws where it is told so, and waits for the test where that wants it.
class listening : public callback {
public:
  ~listening() override {
    if (when_gone)
      when_gone(heard.size());
  }
  void on_result(const trial_report& what) override {
    if (what.iteration == waits_at) {
      is_there.set_value();
      gate.get_future().wait();
    }
    heard.push_back(what.iteration);
    if (throws)
      throw std::runtime_error("no route to host");
  }
  void on_experiment_ended(const experiment_end&) override { has_ended = true; }

  std::function<void(std::size_t)> when_gone; ///< Gets how much it has heard.
  iteration_number waits_at = 0;
  std::promise<void> is_there;
  std::promise<void> gate;
  bool throws = false;
  std::vector<iteration_number> heard;
  bool has_ended = false;
};

/// What was warned of.
struct warnings {
  std::function<void(const std::string&)> listener() {
    return [this](const std::string& what) {
      std::lock_guard guard(mutex);
      all.push_back(what);
    };
  }
  std::mutex mutex;
  std::vector<std::string> all;
};

} // namespace

TEST_CASE("callbacks: each hears everything in order, and at the end what still waits") {
  const auto first = std::make_shared<listening>();
  const auto second = std::make_shared<listening>();
  warnings told;
  {
    callback_thread callbacks({first, second}, {}, told.listener());
    for (iteration_number i = 1; i <= 100; ++i)
      callbacks.add(result_of(i));
    callbacks.add(experiment_end{"finished", true});
  }

  for (const auto& each : {first, second}) {
    REQUIRE(each->heard.size() == 100);
    for (std::size_t i = 0; i < 100; ++i)
      CHECK(each->heard[i] == static_cast<iteration_number>(i + 1));
    CHECK(each->has_ended);
  }
  CHECK(told.all.empty());
}

TEST_CASE("callbacks: what does not fit the queue is dropped and told, at once and with its number at the end") {
  const auto slow = std::make_shared<listening>();
  slow->waits_at = 1;
  warnings told;
  callback_thread callbacks({slow}, {/*most_waiting=*/2, /*end_deadline=*/1h}, told.listener());
  callbacks.add(result_of(1));
  slow->is_there.get_future().wait(); // It is not in the queue any more.

  for (iteration_number i = 2; i <= 6; ++i)
    callbacks.add(result_of(i));
  callbacks.add(experiment_end{"finished", true});
  CHECK(told.all == std::vector<std::string>{"callbacks are slower than the experiment: 2 events wait for them, and "
                                             "what comes while so many wait is dropped"});
  slow->gate.set_value();
  callbacks.finish();

  CHECK(slow->heard == std::vector<iteration_number>{1, 2, 3});
  CHECK(slow->has_ended);
  REQUIRE(told.all.size() == 2);
  CHECK(told.all[1] == "callbacks were not told 3 of 7 events, which came while 2 waited");
}

TEST_CASE("callbacks: one that throws is told of once, and hears the next event; others do not notice") {
  const auto bad = std::make_shared<listening>();
  const auto good = std::make_shared<listening>();
  bad->throws = true;
  warnings told;
  callback_thread callbacks({bad, good}, {}, told.listener());
  for (iteration_number i = 1; i <= 3; ++i)
    callbacks.add(result_of(i));
  callbacks.finish();

  CHECK(bad->heard.size() == 3);
  CHECK(good->heard.size() == 3);
  REQUIRE(told.all.size() == 2);
  CHECK(told.all[0] == "callback 1 threw in on_result, and is told the next event all the same: "
                       "std::runtime_error: no route to host");
  CHECK(told.all[1] == "callback 1 threw 3 times");
}

TEST_CASE("callbacks: one that does not return is left alone at the deadline, and hears nothing more") {
  std::promise<std::size_t> gone;
  auto stuck = std::make_shared<listening>();
  stuck->waits_at = 1;
  stuck->when_gone = [&gone](std::size_t heard) { gone.set_value(heard); };
  warnings told;
  auto callbacks =
    std::make_unique<callback_thread>(std::vector<std::shared_ptr<callback>>{stuck},
                                      callback_limits{/*most_waiting=*/10, /*end_deadline=*/0s}, told.listener());
  callbacks->add(result_of(1));
  callbacks->add(result_of(2));
  stuck->is_there.get_future().wait();

  callbacks->finish();

  REQUIRE(told.all.size() == 1);
  CHECK(told.all[0] ==
        "a callback has not returned within 0 s of the experiment's end and is left alone; 1 events were not told");
  stuck->throws = true; // Nobody is told that any more.
  stuck->gate.set_value();
  stuck.reset();
  callbacks.reset();
  CHECK(gone.get_future().get() == 1);
  CHECK(told.all.size() == 1);
}
