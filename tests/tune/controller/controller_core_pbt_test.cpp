#include "tests/tune/controller/virtual_experiment.hpp"

#include "tune/results/experiment_view.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"

#include <iterator>

#include <doctest/doctest.h>

using namespace virtual_tune;

namespace {

constexpr const char* description = R"({"metric": "accuracy", "mode": "max"})";

std::unique_ptr<scheduler> population(pbt_options options) {
  return pbt(options).make(
    {1, direction::maximize, std::make_shared<const search_space>(search_space{{"x", uniform(0, 1000)}})});
}

pbt_options each(iteration_number interval) {
  pbt_options options;
  options.perturbation_interval = interval;
  options.resample_probability = 0;
  options.perturbation_factors = {2};
  return options;
}

virtual_experiment experiment_of(std::uint64_t trials, const pbt_options& how, iteration_number last = 100) {
  auto options = virtual_experiment::options(trials);
  options.description = description;
  options.stop = {{"training_iteration", at_least(static_cast<double>(last))}};
  return virtual_experiment(options, 1000, {}, std::nullopt, [how] { return population(how); });
}

/// Two trials that run, of which 1 has done its first interval of 2 with a checkpoint, and 2 is worse and has paused.
virtual_experiment two_trials(bool in_storage = true) {
  auto x = experiment_of(2, each(2));
  x.begin(2);
  x.alive(1);
  x.alive(2);
  for (const std::uint64_t trial : {1, 2})
    for (int i = 1; i <= 2; ++i) {
      x.report(trial, trial == 1 ? 0.9 : 0.1, i == 2, false, in_storage);
      x.sync();
    }
  REQUIRE(x.attempts.at(trial_id{1}).told == attempt_answer::go_on);
  REQUIRE(x.attempts.at(trial_id{2}).told == attempt_answer::pause);
  return x;
}

std::set<std::string> kept_directories(const virtual_experiment& x, std::uint64_t trial) {
  experiment_view view;
  for (const auto& record : x.written)
    REQUIRE(view.on_record(record));
  std::set<std::string> all;
  for (const auto& one : view.find(trial_id{trial})->checkpoints.all())
    all.insert(one.at.directory);
  return all;
}

} // namespace

TEST_CASE("controller, pbt: a trial among the worst goes on from its donor's checkpoint, and counts on as before") {
  auto x = two_trials();
  x.over(2, end_cause::paused);

  const auto exploits = x.all<record::trial_exploited>();
  REQUIRE(exploits.size() == 1);
  CHECK(exploits[0].trial == trial_id{2});
  CHECK(exploits[0].iteration == 2);
  CHECK(exploits[0].donor == trial_id{1});
  CHECK(exploits[0].checkpoint.directory == "/storage/1/checkpoint_2.attempt-1");
  CHECK(exploits[0].values == config{{"x", 2.0}}); // Its donor's 1, times 2.
  CHECK(exploits[0].reason == "0.1 at iteration 2 is among the worst: it goes on from trial 1, which has 0.9 at "
                              "iteration 2, with x=2.0 instead of 1");
  const auto started = x.all<record::attempt_started>().back();
  CHECK(started.attempt == 2);
  CHECK(started.from == 2);
  CHECK(started.of == trial_id{1});
  const auto& attempt = x.attempts.at(trial_id{2});
  CHECK(attempt.values == config{{"x", 2.0}});
  CHECK(attempt.restore->directory == "/storage/1/checkpoint_2.attempt-1");
  REQUIRE(attempt.lent);
  CHECK(attempt.lent->donor == trial_id{1});
  CHECK(attempt.time_total_s == 2); // Its own so far.

  x.alive(2);
  x.report(2, 0.95);
  x.sync();
  CHECK(x.all<record::result_reported>().back().iteration == 3);
  CHECK(x.attempts.at(trial_id{2}).told == attempt_answer::go_on);
}

TEST_CASE("controller, pbt: iterations count on from the trial's own, wherever its donor was (I2)") {
  auto x = experiment_of(2, each(2));
  x.begin(2);
  x.alive(1);
  x.alive(2);
  for (int i = 1; i <= 7; ++i) {
    x.report(1, 0.9, /*checkpoint=*/true);
    x.sync();
  }
  for (int i = 1; i <= 2; ++i) {
    x.report(2, 0.1);
    x.sync();
  }
  x.over(2, end_cause::paused);

  CHECK(x.all<record::trial_exploited>().at(0).checkpoint.iteration == 7);
  CHECK(x.attempts.at(trial_id{2}).restore->iteration == 2);
  CHECK(x.attempts.at(trial_id{2}).lent->checkpoint.iteration == 7);
  x.alive(2);
  for (iteration_number i = 3; i <= 4; ++i) {
    x.report(2, 0.9);
    x.sync();
    CHECK(x.all<record::result_reported>().back().iteration == i);
  }
}

TEST_CASE("controller, pbt: the donor's checkpoint stays as long as it is lent, and goes when it is paid back") {
  auto x = two_trials();
  x.over(2, end_cause::paused);
  const std::string lent = "/storage/1/checkpoint_2.attempt-1";
  for (int i = 3; i <= 8; ++i) { // Two are kept, the newest and the best.
    x.report(1, 0.9 + 0.01 * i, /*checkpoint=*/true);
    x.sync();
    if (x.attempts.count(trial_id{1}) != 0 && x.attempts.at(trial_id{1}).told == attempt_answer::pause)
      x.over(1, end_cause::paused);
    if (!x.attempts.at(trial_id{1}).is_alive)
      x.alive(1);
  }
  CHECK(x.disk.count(lent) == 1);
  CHECK(kept_directories(x, 1).count(lent) == 1);
  CHECK(x.disk.count("/storage/1/checkpoint_3.attempt-1") == 0);

  x.alive(2);
  x.report(2, 0.95, /*checkpoint=*/true, false, /*in_storage=*/false); // On its node alone: not yet.
  x.sync();
  CHECK(x.disk.count(lent) == 1);
  x.arrive();
  CHECK(x.disk.count(lent) == 1); // Not before the record is on disk.
  x.sync();
  CHECK(x.disk.count(lent) == 0);
  CHECK(kept_directories(x, 1).count(lent) == 0);
}

TEST_CASE("controller, pbt: the donor's checkpoint stays also when the donor ends, and its borrower's end frees it") {
  auto x = two_trials();
  x.over(2, end_cause::paused);
  const std::string lent = "/storage/1/checkpoint_2.attempt-1";
  for (int i = 3; i <= 5; ++i) {
    x.report(1, 0.9 + 0.01 * i, /*checkpoint=*/true);
    x.sync();
  }
  x.over(1, end_cause::finished);
  x.sync();
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.disk.count(lent) == 1);
  CHECK(x.core->arriving().count(trial_id{1}) == 1);

  x.crash_and_reopen(2); // The next driver knows it, too.
  CHECK(x.disk.count(lent) == 1);
  CHECK(x.core->arriving().count(trial_id{1}) == 1);
  REQUIRE(x.attempts.at(trial_id{2}).lent);
  CHECK(x.attempts.at(trial_id{2}).restore->directory == lent);

  CHECK(x.stop(2).empty());
  x.over(2, end_cause::stopped);
  x.sync();
  CHECK(x.disk.count(lent) == 0);
  CHECK(x.core->arriving().empty());
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
}

TEST_CASE("controller, pbt: where the donor has no checkpoint, the trial goes on as it was, and says so") {
  auto x = experiment_of(2, each(2));
  x.begin(2);
  x.alive(1);
  x.alive(2);
  for (const std::uint64_t trial : {1, 2})
    for (int i = 1; i <= 2; ++i) {
      x.report(trial, trial == 1 ? 0.9 : 0.1, /*checkpoint=*/trial == 2);
      x.sync();
    }
  x.over(2, end_cause::paused);
  CHECK(x.all<record::trial_exploited>().empty());
  CHECK(x.reason_of(2).find("; but trial 1 has no checkpoint of it, so it goes on as it is") != std::string::npos);
  CHECK(x.attempts.at(trial_id{2}).values == config{{"x", 2}});
  CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_2.attempt-1");
  CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
  x.crash_and_reopen(2);
  CHECK(x.core->replay_differences() == 0);
}

TEST_CASE("controller, pbt: a checkpoint that is still on its way is waited for, and where it lies then is known") {
  auto x = two_trials(/*in_storage=*/false);
  x.over(2, end_cause::paused);
  REQUIRE(x.all<record::trial_exploited>().size() == 1);
  CHECK(x.attempts.count(trial_id{2}) == 0);
  REQUIRE(x.hurried.size() == 1);
  CHECK(x.hurried[0].directory == "/1/checkpoint_2.attempt-1");
  x.arrive();
  x.sync();
  x.crash_and_reopen(2);
  x.pass(1s);
  CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/1/checkpoint_2.attempt-1");
}

TEST_CASE("controller, pbt: what is lost or damaged of its donor, a trial goes on from its own, with its new values") {
  SUBCASE("it never comes to the storage") {
    auto x = two_trials(/*in_storage=*/false);
    x.over(2, end_cause::paused);
    x.vanish(checkpoint_loss::for_good);
    x.sync();
    x.arrive(); // Its own.
    x.pass(1s);
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
    CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_2.attempt-1");
    CHECK(x.attempts.at(trial_id{2}).values == config{{"x", 2.0}});
    x.crash_and_reopen(2);
    CHECK(x.core->replay_differences() == 0);
    x.pass(1s);
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
  }
  SUBCASE("it is damaged") {
    auto x = two_trials();
    x.over(2, end_cause::paused);
    REQUIRE(x.attempts.at(trial_id{2}).lent);
    x.over(2, end_cause::bad_checkpoint);
    x.pass(1s);
    CHECK(x.warnings.back() == "trial 2 cannot go on from the checkpoint of trial 1, and goes on from its own");
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
    CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_2.attempt-1");
    CHECK(kept_directories(x, 1).size() == 1); // Its donor finds out by itself.
    x.sync();
    x.crash_and_reopen(2);
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
  }
  SUBCASE("its donor finds it damaged") {
    auto x = two_trials();
    x.over(1, end_cause::lost);
    x.over(2, end_cause::paused);
    x.over(2, end_cause::lost);
    x.pass(1h);
    REQUIRE(x.attempts.at(trial_id{2}).lent);
    x.over(1, end_cause::bad_checkpoint);
    x.sync();
    CHECK(x.disk.count("/storage/1/checkpoint_2.attempt-1") == 0);
    x.crash_and_reopen(2);
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
    CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_2.attempt-1");
  }
  SUBCASE("it cannot be read for a long time") {
    auto x = two_trials();
    x.over(2, end_cause::paused);
    for (int i = 0; i < 40 && x.attempts.at(trial_id{2}).lent; ++i) {
      x.over(2, end_cause::unreadable_checkpoint);
      for (int seconds = 0; seconds < 120 && x.attempts.count(trial_id{2}) == 0; ++seconds)
        x.pass(1s);
    }
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
    CHECK(x.warnings.back().find("trial 1's checkpoint of iteration 2") != std::string::npos);
    CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_2.attempt-1");
    CHECK(kept_directories(x, 1) == std::set<std::string>{"/storage/1/checkpoint_2.attempt-1"}); // Others may read it.
    x.sync();
    x.crash_and_reopen(2);
    CHECK(x.core->replay_differences() == 0);
    CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
    CHECK(x.attempts.at(trial_id{1}).restore->directory == "/storage/1/checkpoint_2.attempt-1");
  }
}

TEST_CASE("controller, pbt: after a loss it is the donor's checkpoint again, until there is one of its own") {
  auto x = two_trials();
  x.over(2, end_cause::paused);
  x.alive(2);
  x.report(2, 0.9);
  x.sync();
  x.over(2, end_cause::lost);
  x.pass(1h);
  REQUIRE(x.attempts.at(trial_id{2}).lent);
  CHECK(x.attempts.at(trial_id{2}).restore->iteration == 2);
  x.alive(2);
  x.report(2, 0.9); // Iteration 3 again: counted before.
  x.sync();
  x.report(2, 0.95, /*checkpoint=*/true);
  x.sync();
  CHECK(x.all<record::result_reported>().back().iteration == 4);
  x.over(2, end_cause::lost);
  x.pass(1h);
  CHECK_FALSE(x.attempts.at(trial_id{2}).lent);
  CHECK(x.attempts.at(trial_id{2}).restore->directory == "/storage/2/checkpoint_4.attempt-3");
}

TEST_CASE("controller, pbt: more trials than places take turns, the least trained first") {
  auto x = experiment_of(6, each(2), /*last=*/4);
  x.begin(1); // One runs, two wait in the queue.
  std::map<trial_id, iteration_number> done;
  std::vector<std::uint64_t> order;
  for (int step = 0; step < 200 && !x.ended; ++step) {
    x.pass(1s);
    if (x.attempts.empty())
      continue;
    const auto trial = x.attempts.begin()->first; // The place goes to whoever the scheduler had start first.
    auto first = trial;
    for (const auto& [id, a] : x.attempts)
      if (done[id] < done[first])
        first = id;
    auto& a = x.attempts.at(first);
    if (!a.is_alive)
      x.alive(first.value);
    order.push_back(first.value);
    while (x.attempts.count(first) != 0 &&
           x.attempts.at(first).told.value_or(attempt_answer::go_on) == attempt_answer::go_on) {
      x.report(first.value, 0.5, /*checkpoint=*/true);
      x.sync();
      done[first] = x.attempts.at(first).iteration;
    }
    x.over(first.value, x.attempts.at(first).told == attempt_answer::pause ? end_cause::paused : end_cause::stopped);
    x.sync();
  }
  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(order == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6});
  bool said = false;
  for (const auto& each : x.all<record::result_reported>())
    said = said || each.decided.reason.find("; another trial waits for its place") != std::string::npos;
  CHECK(said);
}

TEST_CASE("controller, pbt: where all run, none gives its place away") {
  auto x = experiment_of(3, each(1), /*last=*/3);
  x.begin(3);
  for (std::uint64_t trial = 1; trial <= 3; ++trial)
    x.alive(trial);
  for (int i = 1; i <= 2; ++i)
    for (std::uint64_t trial = 3; trial >= 1; --trial) { // Each better than those before.
      x.report(trial, 1.0 - 0.1 * static_cast<double>(trial), true);
      x.sync();
      if (trial != 3 || i == 1)
        CHECK(x.attempts.at(trial_id{trial}).told == attempt_answer::go_on);
    }
}

TEST_CASE("controller, pbt: the searcher hears nothing of results under other values than it proposed") {
  auto x = two_trials();
  x.over(2, end_cause::paused);
  x.alive(2);
  const int before = x.search->reports;
  x.report(2, 0.95);
  x.sync();
  CHECK(x.search->reports == before);
  x.over(2, end_cause::finished);
  CHECK(x.search->ends.at(trial_id{2}) == trial_outcome::ignored);
}

TEST_CASE("controller, pbt_replay: a trial takes the values of each step, from its own checkpoint") {
  auto options = virtual_experiment::options(1);
  options.description = description;
  options.stop = {{"training_iteration", at_least(5)}};
  const pbt_policy policy{{}, {{2, {{"x", 7}}}, {4, {{"x", 8}}}}};
  virtual_experiment x(options, 1000, {}, std::nullopt, [&] { return pbt_replay(policy).make({}); });
  x.begin(1);
  for (int i = 1; i <= 5; ++i) {
    if (!x.attempts.at(trial_id{1}).is_alive)
      x.alive(1);
    const auto& a = x.attempts.at(trial_id{1});
    CHECK(a.values.get<int>("x") == (i <= 2 ? 1 : i <= 4 ? 7 : 8));
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
    if (a.told == attempt_answer::pause) {
      x.over(1, end_cause::paused);
      x.sync();
      if (i == 2)
        x.crash_and_reopen(1);
      const auto& next = x.attempts.at(trial_id{1});
      CHECK(next.restore->directory.find("/storage/1/checkpoint_" + std::to_string(i)) == 0);
      CHECK_FALSE(next.lent);
    }
  }
  x.over(1, end_cause::stopped);
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK(x.core->replay_differences() == 0);
}

TEST_CASE("controller, pbt_replay: a step whose state was not saved is taken later, from a state of its own values") {
  auto options = virtual_experiment::options(1);
  options.description = description;
  options.stop = {{"training_iteration", at_least(9)}};
  const pbt_policy policy{{}, {{2, {{"x", 7}}}}};
  virtual_experiment x(options, 1000, {}, std::nullopt, [&] { return pbt_replay(policy).make({}); });
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.report(1, 0.5); // At the step, and not saved.
  x.sync();
  REQUIRE(x.attempts.at(trial_id{1}).told == attempt_answer::pause);
  x.over(1, end_cause::paused);
  x.sync();
  CHECK(x.all<record::trial_exploited>().empty());
  x.alive(1);
  CHECK(x.attempts.at(trial_id{1}).values.get<int>("x") == 1);
  x.report(1, 0.5, true); // Iteration 2 again: counted before.
  x.sync();
  x.report(1, 0.5, true);
  x.sync();
  REQUIRE(x.attempts.at(trial_id{1}).told == attempt_answer::pause);
  x.over(1, end_cause::paused);
  CHECK(x.attempts.at(trial_id{1}).values.get<int>("x") == 7);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 3);
}

TEST_CASE("controller, pbt: a driver that is killed when all have paused is followed by one that goes on") {
  auto how = each(2);
  how.type = pbt_options::variant::synchronous;
  auto x = experiment_of(2, how, 4);
  x.begin(2);
  for (const std::uint64_t trial : {1, 2}) {
    x.alive(trial);
    for (int i = 1; i <= 2; ++i) {
      x.report(trial, trial == 1 ? 0.9 : 0.1, i == 2);
      x.sync();
    }
  }
  SUBCASE("before they have said so") {}
  SUBCASE("interrupted") {
    x.interrupt();
    for (const std::uint64_t trial : {1, 2})
      x.over(trial, end_cause::paused);
    x.sync();
  }
  x.crash_and_reopen(2);
  CHECK_FALSE(x.ended);
  CHECK(x.attempts.size() == 2);
  CHECK(x.core->replay_differences() == 0);
}

TEST_CASE("controller, pbt: a journal in which a trial exploits as it cannot is refused") {
  auto x = two_trials();
  virtual_experiment y = experiment_of(2, each(2));
  for (const auto& record : x.written)
    REQUIRE(y.core->on_replay(record));
  const auto refused = y.core->on_replay(record::trial_exploited{trial_id{2}, 2, trial_id{1}, {}, {}, "why", {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the journal does not fit: trial 2: it goes on from another one as it cannot");
}
