#include "tune/worker/posix_trial_runner.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <stdexcept>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/tune/worker/runner_fixture.hpp"

using namespace tune;

namespace {

/// A runner in this process, with the trainables of one test.
struct runner_for_test {
  trial_runner& runner() {
    if (!made)
      made = std::make_unique<trial_runner>(
        trial_runner_options{"node-1", {}, false, {std::shared_ptr<void>(), &files}, &trainables, now});
    return *made;
  }
  conversation driver() { return conversation(runner()); }

  void function(const trainable::function& f) { trainables.add("t", f); }

  attempt_order order(iteration_number save_every = 1000) const {
    attempt_order o;
    o.experiment = "7f3a91c2";
    o.trial = trial_id(4);
    o.trial_name = "7f3a91c2_00004";
    o.attempt = 1;
    o.trainable = "t";
    o.values = {{"x", 3}};
    o.seed = 99;
    o.metrics = {"loss"};
    o.checkpoints = {save_every, true};
    o.storage_directory = (storage.path() / "trial").string();
    o.resources = {{"cpu", 2}};
    return o;
  }
  attempt_order restoring(const checkpoint_ref& from) const {
    auto o = order();
    o.attempt = from.attempt + 1;
    o.restore = from;
    return o;
  }

  test_directory storage;
  fake_checkpoint_files files;
  trainable_registry trainables;
  std::function<runtime::instant()> now; ///< Empty: the steady clock.
  std::unique_ptr<trial_runner> made;
};

void save_number(const path& directory, int number) {
  std::ofstream(directory / "number") << number;
}

int load_number(const path& directory) {
  return std::stoi(text_of(directory / "number"));
}

} // namespace

TEST_CASE("trial runner: a function sees its trial, reports, and finishes") {
  runner_for_test t;
  t.function([&](trial& trial) {
    CHECK(trial.get<int>("x") == 3);
    CHECK(trial.id() == "7f3a91c2_00004");
    CHECK(trial.attempt() == 1);
    CHECK(trial.seed() == 99);
    CHECK(trial.resources() == std::map<std::string, double>{{"cpu", 2}});
    CHECK(trial.iteration() == 0);
    CHECK_FALSE(trial.checkpoint());
    CHECK(trial.directory() == t.storage.path() / "trial");
    CHECK(std::filesystem::is_directory(trial.directory()));
    CHECK(trial.report({{"loss", 2}}) == go_on);
    CHECK(trial.report({{"loss", std::numeric_limits<double>::quiet_NaN()}}) == go_on);
  });
  auto driver = t.driver();

  const auto alive = driver.begin<attempt_alive>(t.order());
  const auto first = driver.report();
  const auto second = driver.report();
  const auto over = driver.over();

  CHECK(alive.node == "node-1");
  CHECK(alive.process_id == static_cast<std::uint32_t>(::getpid()));
  CHECK_FALSE(alive.hostname.empty());
  CHECK_FALSE(alive.node_ip.empty());
  CHECK(alive.sees_storage);
  CHECK(first.iteration == 1);
  CHECK(first.values == metrics{{"loss", 2}});
  CHECK(second.iteration == 2);
  CHECK(over.end.cause == end_cause::finished);
  CHECK(over.end.why.empty());
}

TEST_CASE("trial runner: a function that reports nothing is over as soon as that is asked") {
  runner_for_test t;
  t.function([](trial&) {});
  auto driver = t.driver();
  CHECK(driver.run(t.order()).end.cause == end_cause::finished);
  CHECK(driver.run(t.order()).end.cause == end_cause::finished); // The next one may begin.
}

TEST_CASE("trial runner: told to stop, a function ends in good order") {
  runner_for_test t;
  bool ended_well = false;
  t.function([&](trial& trial) {
    while (trial.report({{"loss", 1}}) != stop)
      continue;
    ended_well = true;
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());
  driver.report();
  driver.report();

  CHECK(driver.over(attempt_answer::stop).end.cause == end_cause::stopped);
  CHECK(ended_well);
}

TEST_CASE("trial runner: who reports again after the end is ended there, also where it catches everything") {
  runner_for_test t;
  int unwound = 0;
  struct counts_down {
    int& count;
    ~counts_down() { ++count; }
  };
  t.function([&](trial& trial) {
    const counts_down leaves{unwound};
    trial.report({{"loss", 1}});
    for (int i = 0; i < 3; ++i)
      try {
        trial.report({{"loss", 1}});
        FAIL_CHECK("it returned");
      } catch (const std::exception&) {
        FAIL_CHECK("it has a type");
      } catch (...) { // As bad code does.
        ++unwound;
      }
    trial.report({{"loss", 1}});
    FAIL_CHECK("it returned");
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());
  driver.report();

  CHECK(driver.over(attempt_answer::stop).end.cause == end_cause::stopped);
  CHECK(unwound == 4);
}

TEST_CASE("trial runner: stopped before its first report, that one counts and is the last") {
  runner_for_test t;
  t.function([&](trial& trial) { CHECK(trial.report({{"loss", 1}}) == stop); });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());

  CHECK(driver.answer<attempt_report>(attempt_answer::stop).iteration == 1);
  CHECK(driver.over(attempt_answer::stop).end.cause == end_cause::stopped);
}

TEST_CASE("trial runner: what a function throws is its end, with type and text") {
  runner_for_test t;
  t.function([](trial& trial) {
    trial.report({{"loss", 1}});
    throw std::out_of_range("no such row");
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());
  driver.report();

  const auto over = driver.over();

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "std::out_of_range: no such row");
}

TEST_CASE("trial runner: an endless text of an exception is cut") {
  runner_for_test t;
  t.function([](trial&) { throw std::runtime_error(std::string(1'000'000, 'x')); });
  const auto over = t.driver().run(t.order());
  CHECK(over.end.why.size() < 66'000);
  CHECK(over.end.why.find("more bytes)") != std::string::npos);
}

TEST_CASE("trial runner: a report without its metric fails the attempt, even where that is caught") {
  runner_for_test t;
  t.function([](trial& trial) {
    try {
      trial.report({{"acuracy", 1}});
    } catch (const std::exception&) {}
    trial.report({{"loss", 1}});
    FAIL_CHECK("it returned");
  });

  const auto over = t.driver().run(t.order());

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "iteration 1: the metric \"loss\" is missing; reported: \"acuracy\"");
}

TEST_CASE("trial runner: a report by another thread, or while saving, is refused") {
  runner_for_test t;
  t.function([](trial& trial) {
    std::thread([&] { CHECK_THROWS_AS(trial.report({{"loss", 1}}), failure); }).join();
    trial.report({{"loss", 1}}, [&](const path&) { trial.report({{"loss", 1}}); });
  });

  const auto over = t.driver().run(t.order(1));

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "save: runtime::failure: report() was called while the state was being saved");
}

TEST_CASE("trial runner: checkpoints are told with their report, and a pause saves what was not") {
  runner_for_test t;
  t.function([](trial& trial) {
    for (int i = 1; trial.report({{"loss", i}}, [&](const path& to) { save_number(to, i); }) != stop; ++i)
      continue;
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order(2));

  CHECK_FALSE(driver.report().checkpoint);
  const auto second = driver.report();
  CHECK_FALSE(driver.report().checkpoint);
  const auto over = driver.over(attempt_answer::pause);

  REQUIRE(second.checkpoint);
  const auto in_trial = [&](const char* name) { return (t.storage.path() / "trial" / name).string(); };
  CHECK(*second.checkpoint == checkpoint_ref{2, 1, "node-1", in_trial("checkpoint_000002.attempt-1"), true, 7});
  CHECK(over.end.cause == end_cause::paused);
  REQUIRE(over.checkpoint);
  CHECK(*over.checkpoint == checkpoint_ref{3, 1, "node-1", in_trial("checkpoint_000003.attempt-1"), true, 7});
  CHECK(load_number(over.checkpoint->directory) == 3);
}

TEST_CASE("trial runner: a function goes on from its checkpoint") {
  runner_for_test t;
  t.function([](trial& trial) {
    int i = trial.checkpoint() ? load_number(*trial.checkpoint()) : 0;
    CHECK(trial.iteration() == i);
    while (i < 5 && trial.report({{"loss", ++i}}, [&](const path& to) { save_number(to, i); }) != stop)
      continue;
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order(2));
  driver.report();
  const auto from = driver.report().checkpoint;
  driver.over(attempt_answer::stop);
  REQUIRE(from);

  std::vector<attempt_report> reports;
  const auto over = driver.run(t.restoring(*from), &reports);

  CHECK(over.end.cause == end_cause::finished);
  REQUIRE(reports.size() == 3);
  CHECK(reports.front().iteration == 3);
  CHECK(reports.back().iteration == 5);
  CHECK(reports.back().values == metrics{{"loss", 5}});
}

TEST_CASE("trial runner: a checkpoint that is broken is an end of its own, and no code is run") {
  runner_for_test t;
  t.function([](trial&) { FAIL_CHECK("it was run"); });

  const auto over = t.driver().run(t.restoring({4, 1, "node-2", "/no/such/checkpoint", true, 7}));

  CHECK(over.end.cause == end_cause::bad_checkpoint);
  CHECK(over.end.why == "/no/such/checkpoint: it is not there");
}

TEST_CASE("trial runner: a checkpoint that cannot be written ends nothing, and is told") {
  runner_for_test t;
  t.files.why_not = "/disk: no space left";
  t.function([](trial& trial) { trial.report({{"loss", 1}}, [](const path&) { FAIL_CHECK("it was called"); }); });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order(1));

  const auto report = driver.report();

  CHECK_FALSE(report.checkpoint);
  CHECK(report.no_checkpoint == "/disk: no space left");
  const auto over = driver.over(attempt_answer::pause);
  CHECK(over.end.cause == end_cause::paused);
  CHECK(over.no_checkpoint == "/disk: no space left");
}

TEST_CASE("trial runner: what save throws fails the attempt") {
  runner_for_test t;
  t.function([](trial& trial) {
    trial.report({{"loss", 1}}, [](const path&) { throw std::runtime_error("cannot"); });
  });

  const auto over = t.driver().run(t.order(1));

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "save: std::runtime_error: cannot");
}

TEST_CASE("trial runner: a save that writes nothing is no checkpoint") {
  runner_for_test t;
  t.function([](trial& trial) { trial.report({{"loss", 1}}, [](const path&) {}); });
  std::vector<attempt_report> reports;

  const auto over = t.driver().run(t.order(1), &reports);

  REQUIRE(reports.size() == 1);
  CHECK_FALSE(reports[0].checkpoint);
  CHECK(reports[0].no_checkpoint.empty());
  CHECK(over.end.cause == end_cause::finished);
}

TEST_CASE("trial runner: what comes at the wrong time is refused, and changes nothing") {
  runner_for_test t;
  t.function([](trial& trial) { trial.report({{"loss", 1}}); });
  auto driver = t.driver();
  const auto ignore = [](const attempt_events&) {};
  CHECK(t.runner().answer({}, ignore).error().message == "no attempt runs here");
  driver.begin<attempt_alive>(t.order());

  CHECK(t.runner().begin(t.order(), ignore).error().message ==
        "an attempt runs here already; the next may begin when this one is over");
  driver.report();
  CHECK(driver.over().end.cause == end_cause::finished);
  CHECK_FALSE(t.runner().answer({}, ignore));
}

TEST_CASE("trial runner: with leave, a function goes on alone, and all it told comes with the next answer") {
  runner_for_test t;
  std::promise<void> is_at_5, go;
  t.function([&](trial& trial) {
    for (int i = 1; i <= 7; ++i) {
      if (i == 5) {
        is_at_5.set_value();
        go.get_future().wait();
      }
      if (trial.report({{"loss", i}}) == stop)
        return;
    }
  });
  auto order = t.order();
  order.free_until = 5;
  auto driver = t.driver();
  driver.begin<attempt_alive>(order);
  is_at_5.get_future().wait(); // It was answered nothing.

  const auto before = driver.events();
  go.set_value();
  const auto fifth = driver.report();
  const auto sixth = driver.report(); // The leave is at its end: it waits as ever.
  const auto last = driver.events({attempt_answer::stop, 100});

  REQUIRE(before.size() == 4);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(std::get<attempt_report>(before[i]).iteration == static_cast<iteration_number>(i + 1));
  CHECK(fifth.iteration == 5);
  CHECK(sixth.iteration == 6);
  REQUIRE(last.size() == 1);
  CHECK(std::get<attempt_over>(last[0]).end.cause == end_cause::stopped);
}

TEST_CASE("trial runner: a long iteration waits for its answer, although it has leave to go on") {
  runner_for_test t;
  std::atomic<int> hours = 1;
  t.now = [&] { return runtime::instant(std::chrono::hours(hours)); };
  std::atomic<int> reported = 0;
  t.function([&](trial& trial) {
    for (; reported < 2; ++reported) {
      ++hours; // Of which it may wait minutes.
      CHECK(trial.report({{"loss", 1}}) == go_on);
    }
  });
  auto order = t.order();
  order.free_until = 1000;
  auto driver = t.driver();
  driver.begin<attempt_alive>(order);
  CHECK(driver.report().iteration == 1); // There is no second one before the next answer.
  CHECK(reported == 0);
  CHECK(driver.report().iteration == 2);
  CHECK(reported == 1);
  CHECK(driver.over().end.cause == end_cause::finished);
}

TEST_CASE("trial runner: told to pause while it goes on alone, it tells the iteration that it is in, saves and ends") {
  runner_for_test t;
  std::promise<void> computing, go;
  t.function([&](trial& trial) {
    int done = 0;
    const auto report = [&] { return trial.report({{"loss", 1}}, [&](const path& to) { save_number(to, done); }); };
    ++done;
    CHECK(report() == go_on);
    ++done;
    computing.set_value();
    go.get_future().wait();
    CHECK(report() == stop);
  });
  auto order = t.order();
  order.free_until = 1000;
  auto driver = t.driver();
  driver.begin<attempt_alive>(order);
  driver.report();
  computing.get_future().wait();
  std::promise<attempt_events> heard;
  REQUIRE(t.runner().answer({attempt_answer::pause, 0}, [&](attempt_events e) { heard.set_value(std::move(e)); }));
  go.set_value();

  const auto second = heard.get_future().get();
  const auto over = driver.over(attempt_answer::pause); // Asked once more.

  CHECK(std::get<attempt_report>(second.front()).iteration == 2);
  CHECK(over.end.cause == end_cause::paused);
  REQUIRE(over.checkpoint);
  CHECK(over.checkpoint->iteration == 2);
  CHECK(load_number(over.checkpoint->directory) == 2);
}

TEST_CASE("trial runner: alone, a function is not further ahead than its driver can take") {
  runner_for_test t;
  std::atomic<int> reported = 0;
  constexpr int all = 20'000;
  t.function([&](trial& trial) {
    for (int i = 1; i <= all; ++i) {
      trial.report({{"loss", 1}});
      reported = i;
    }
  });
  auto order = t.order();
  order.free_until = all + 1;
  auto driver = t.driver();
  driver.begin<attempt_alive>(order);

  int told = 0;
  constexpr auto most = static_cast<int>(attempt_exchange::most_waiting);
  for (bool is_over = false; !is_over;) {
    while (reported < std::min(told + most, all)) // It comes that far by itself,
      std::this_thread::yield();
    const auto events = driver.events();
    is_over = std::holds_alternative<attempt_over>(events.back());
    const auto reports = static_cast<int>(events.size()) - (is_over ? 1 : 0);
    CHECK(reports <= most); // and no further.
    told += reports;
  }

  CHECK(told == all);
}

TEST_CASE("trial runner: a trainable that the program has not cannot begin") {
  runner_for_test t;
  t.function([](trial&) {});
  auto order = t.order();
  order.trainable = "other";

  const auto over = t.driver().begin<attempt_over>(order);

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "this program has no trainable \"other\"; it has \"t\"");
}

TEST_CASE("trial runner: shut down, it ends at its next report, and whoever waits hears of it") {
  runner_for_test t;
  std::promise<void> computing, go;
  t.function([&](trial& trial) {
    trial.report({{"loss", 1}});
    computing.set_value();
    go.get_future().wait();
    CHECK(trial.report({{"loss", 2}}) == stop);
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());
  driver.report();
  std::promise<attempt_events> last;
  REQUIRE(t.runner().answer({}, [&](attempt_events events) { last.set_value(std::move(events)); }));
  computing.get_future().wait();
  std::promise<void> idle;

  t.runner().shut_down([&] { idle.set_value(); });
  auto when_idle = idle.get_future();
  CHECK(when_idle.wait_for(std::chrono::seconds(0)) == std::future_status::timeout); // The user's code still runs.
  go.set_value();
  when_idle.wait();

  const auto events = last.get_future().get();
  REQUIRE(events.size() == 2);
  CHECK(std::get<attempt_report>(events[0]).iteration == 2); // What it has done counts.
  CHECK(std::get<attempt_over>(events[1]).end.cause == end_cause::paused);
  CHECK(t.runner().begin(t.order(), [](const attempt_events&) {}).error().message ==
        "this worker takes no attempt any more: it was told to end");
}

TEST_CASE("trial runner: shut down while a report waits for its answer, the state is saved and it ends") {
  runner_for_test t;
  std::promise<void> saving, go;
  t.function([&](trial& trial) {
    const auto save = [&](const path& to) {
      saving.set_value();
      go.get_future().wait();
      save_number(to, 1);
    };
    CHECK(trial.report({{"loss", 1}}, save) == stop);
  });
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order());
  driver.report();
  std::promise<void> idle;

  t.runner().shut_down([&] { idle.set_value(); });
  saving.get_future().wait();
  std::promise<attempt_events> last; // An answer that was on its way meanwhile.
  REQUIRE(t.runner().answer({}, [&](attempt_events events) { last.set_value(std::move(events)); }));
  go.set_value();
  idle.get_future().wait();

  const auto events = last.get_future().get();
  REQUIRE(std::holds_alternative<attempt_over>(events.back()));
  CHECK(std::get<attempt_over>(events.back()).checkpoint);

  CHECK(t.files.written == std::vector<std::string>{"checkpoint_000001.attempt-1"});
}
