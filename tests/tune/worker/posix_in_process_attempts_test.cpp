#include "tune/worker/posix_in_process_attempts.hpp"

#include <atomic>
#include <condition_variable>

#include <doctest/doctest.h>

#include "tests/tune/worker/runner_fixture.hpp"

using namespace tune;

namespace {

attempt_order order_of(std::uint64_t trial, const std::string& trainable) {
  attempt_order o;
  o.trial = trial_id(trial);
  o.attempt = 1;
  o.trainable = trainable;
  o.values = {{"x", static_cast<int>(trial)}};
  o.metrics = {"loss"};
  o.checkpoints = {1000, false};
  o.storage_directory = "/no/such/storage/trial-" + std::to_string(trial);
  return o;
}

/// A driver that lets every trial go on, and remembers what each told.
class busy_driver {
public:
  busy_driver(std::size_t threads, const trainable_registry& trainables)
    : attempts_(std::make_unique<in_process_attempts>(
        threads, trial_runner_options{"here", {}, true, nullptr, &trainables, {}})) {}

  void begin(attempt_order order) {
    const auto trial = order.trial;
    {
      std::lock_guard guard(mutex_);
      ++open_;
    }
    attempts_->begin(std::move(order), [this, trial](const attempt_events& events) { hear(trial, events); });
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0; });
  }
  in_process_attempts& attempts() { return *attempts_; }
  void end() { attempts_.reset(); }

  std::map<trial_id, std::vector<double>> losses;
  std::map<trial_id, attempt_end> ends;

private:
  void hear(trial_id trial, const attempt_events& events) {
    for (const auto& event : events) {
      std::lock_guard guard(mutex_);
      if (const auto* report = std::get_if<attempt_report>(&event))
        losses[trial].push_back(report->values.get<double>("loss"));
      if (const auto* over = std::get_if<attempt_over>(&event)) {
        ends[trial] = over->end;
        --open_;
        changed_.notify_all();
        return;
      }
    }
    runtime::or_throw(
      attempts_->answer(trial, 1, {}, [this, trial](const attempt_events& next) { hear(trial, next); }));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int open_ = 0;
  std::unique_ptr<in_process_attempts> attempts_;
};

} // namespace

TEST_CASE("in-process attempts: thousands of trials run on a few threads, each once and with its own values") {
  trainable_registry trainables;
  std::atomic<int> at_once = 0, most = 0;
  trainables.add("t", [&](trial& trial) {
    const int now = ++at_once;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);)
      continue;
    trial.report({{"loss", trial.get<int>("x")}});
    trial.report({{"loss", trial.get<int>("x") * 2}});
    --at_once;
  });
  busy_driver driver(4, trainables);

  for (std::uint64_t i = 1; i <= 2000; ++i)
    driver.begin(order_of(i, "t"));
  driver.wait_for_all();

  REQUIRE(driver.losses.size() == 2000);
  for (const auto& [trial, losses] : driver.losses) {
    const auto x = static_cast<double>(trial.value);
    REQUIRE(losses == std::vector<double>{x, 2 * x});
    REQUIRE(driver.ends.at(trial).cause == end_cause::finished);
  }
  CHECK(most <= 4);
  CHECK_FALSE(std::filesystem::exists("/no/such/storage")); // Nobody asked for a directory.
}

TEST_CASE("in-process attempts: one that throws ends alone") {
  trainable_registry trainables;
  trainables.add("t", [](trial& trial) {
    if (trial.get<int>("x") == 2)
      throw std::runtime_error("two");
    trial.report({{"loss", 1}});
  });
  busy_driver driver(1, trainables);

  for (std::uint64_t i = 1; i <= 3; ++i)
    driver.begin(order_of(i, "t"));
  driver.wait_for_all();

  CHECK(driver.ends.at(trial_id(1)).cause == end_cause::finished);
  CHECK(driver.ends.at(trial_id(2)).cause == end_cause::threw);
  CHECK(driver.ends.at(trial_id(2)).why == "std::runtime_error: two");
  CHECK(driver.ends.at(trial_id(3)).cause == end_cause::finished);
}

TEST_CASE("in-process attempts: closed, what waits is over at once, and what runs at its next report") {
  trainable_registry trainables;
  std::promise<void> running, go;
  trainables.add("t", [&](trial& trial) {
    running.set_value();
    go.get_future().wait();
    CHECK(trial.report({{"loss", 1}}) == stop);
  });
  busy_driver driver(1, trainables);
  driver.begin(order_of(1, "t"));
  driver.begin(order_of(2, "t"));
  running.get_future().wait();

  driver.attempts().close();
  CHECK(driver.ends.at(trial_id(2)).why == "it was stopped before it began");
  go.set_value();
  driver.begin(order_of(3, "t"));
  driver.wait_for_all();
  driver.end();

  CHECK(driver.ends.at(trial_id(1)).cause == end_cause::stopped);
  CHECK(driver.ends.at(trial_id(3)).cause == end_cause::stopped);
  CHECK(driver.losses.empty());
}

TEST_CASE("in-process attempts: an answer to what does not run is an error") {
  trainable_registry trainables;
  in_process_attempts attempts(1, {"here", {}, false, nullptr, &trainables, {}});
  const auto answered = attempts.answer(trial_id(7), 2, {}, [](const attempt_events&) {});
  REQUIRE(!answered);
  CHECK(answered.error().message == "attempt 2 of trial 7 does not run here");
}
