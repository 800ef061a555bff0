#include "tune/worker/posix_in_process_attempts.hpp"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

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

/// A driver that answers every report at once, and remembers what each trial told.
class busy_driver {
public:
  busy_driver(std::size_t threads, const trainable_registry& trainables)
    : attempts_(std::make_unique<in_process_attempts>(
        threads, trial_runner_options{"here", {}, true, nullptr, &trainables, {}},
        [this](trial_id trial, attempt_number, attempt_event event) { hear(trial, std::move(event)); })) {}

  void begin(attempt_order order) {
    {
      std::lock_guard guard(mutex_);
      ++open_;
    }
    attempts_->begin(std::move(order));
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0; });
  }
  void wait_for_result_of(trial_id trial) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return losses.count(trial) != 0; });
  }
  in_process_attempts& attempts() { return *attempts_; }
  void end() { attempts_.reset(); }

  bool answers = true;
  std::map<trial_id, std::vector<double>> losses;
  std::map<trial_id, attempt_end> ends;

private:
  void hear(trial_id trial, attempt_event event) {
    iteration_number to = 0;
    {
      std::lock_guard guard(mutex_);
      if (const auto* report = std::get_if<attempt_report>(&event)) {
        losses[trial].push_back(report->values.get<double>("loss"));
        to = report->iteration;
      }
      if (const auto* over = std::get_if<attempt_over>(&event)) {
        ends[trial] = over->end;
        --open_;
      }
    }
    changed_.notify_all();
    if (to > 0 && answers)
      attempts_->answer(trial, 1, {attempt_answer::go_on, 0, to});
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

TEST_CASE(
  "in-process attempts: closed, what waits is over at once, what runs at its next report, and then it is told") {
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
  std::promise<void> empty;
  std::atomic<bool> is_empty = false;

  driver.attempts().close([&] {
    is_empty = true;
    empty.set_value();
  });
  CHECK(driver.ends.at(trial_id(2)).why == "it was stopped before it began");
  CHECK_FALSE(is_empty);
  go.set_value();
  driver.begin(order_of(3, "t"));
  driver.wait_for_all();
  empty.get_future().wait();
  driver.end();

  CHECK(driver.ends.at(trial_id(1)).cause == end_cause::stopped);
  CHECK(driver.ends.at(trial_id(3)).cause == end_cause::stopped);
  CHECK(driver.losses.empty());
}

TEST_CASE("in-process attempts: closed with nothing under way, it says so at once") {
  trainable_registry trainables;
  busy_driver driver(1, trainables);
  bool is_empty = false;
  driver.attempts().close([&] { is_empty = true; });
  CHECK(is_empty);
}

TEST_CASE("in-process attempts: one that is stopped while it waits does not begin; what runs, ends with its report") {
  trainable_registry trainables;
  std::promise<void> running, go;
  std::atomic<int> begun = 0;
  trainables.add("t", [&](trial& trial) {
    if (++begun == 1) {
      running.set_value();
      go.get_future().wait();
    }
    CHECK(trial.report({{"loss", 1}}) == (trial.get<int>("x") == 1 ? stop : go_on));
  });
  busy_driver driver(1, trainables);
  for (std::uint64_t i = 1; i <= 3; ++i)
    driver.begin(order_of(i, "t"));
  running.get_future().wait();

  driver.attempts().stop(trial_id(2), 1);
  CHECK(driver.ends.at(trial_id(2)).why == "it was stopped before it began");
  driver.attempts().stop(trial_id(1), 1);
  driver.attempts().stop(trial_id(9), 1); // There is none.
  go.set_value();
  driver.wait_for_all();

  CHECK(begun == 2);
  CHECK(driver.losses.count(trial_id(1)) == 1); // It counts.
  CHECK(driver.ends.at(trial_id(1)).cause == end_cause::stopped);
  CHECK(driver.ends.at(trial_id(3)).cause == end_cause::finished);
}

TEST_CASE("in-process attempts: without leave a report waits for its own answer, and for no other trial's") {
  trainable_registry trainables;
  std::atomic<int> reported = 0;
  trainables.add("t", [&](trial& trial) {
    trial.report({{"loss", 1}});
    ++reported;
    trial.report({{"loss", 2}});
  });
  busy_driver driver(1, trainables);
  driver.answers = false;
  driver.begin(order_of(1, "t"));
  driver.wait_for_result_of(trial_id(1));

  driver.attempts().answer(trial_id(7), 1, {attempt_answer::stop, 0, 1});
  driver.attempts().answer(trial_id(1), 2, {attempt_answer::stop, 0, 1});
  driver.attempts().answer(trial_id(1), 1, {attempt_answer::go_on, 0, 0}); // To none of its reports.
  CHECK(reported == 0);
  driver.answers = true;
  driver.attempts().answer(trial_id(1), 1, {attempt_answer::go_on, 0, 1});
  driver.wait_for_all();

  CHECK(driver.losses.at(trial_id(1)) == std::vector<double>{1, 2});
  CHECK(driver.ends.at(trial_id(1)).cause == end_cause::finished);
}
