#include "tune/results/experiment_view.hpp"

#include "tests/tune/results/experiment_for_test.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

namespace {

experiment_view view_of(const experiment_for_test& experiment, experiment_view_options options = {}) {
  experiment_view view(options);
  for (const auto& each : experiment.records)
    REQUIRE(view.on_record(each));
  return view;
}

std::vector<std::uint64_t> numbers(const std::vector<const trial_view*>& trials) {
  std::vector<std::uint64_t> all;
  for (const auto* each : trials)
    all.push_back(each->trial.value);
  return all;
}

} // namespace

TEST_CASE("view: a trial from its creation to its end") {
  experiment_for_test experiment;
  experiment.create(1);
  CHECK(view_of(experiment).find(trial_id{1})->state == trial_state::pending);
  experiment.start(1);
  experiment.place(1);
  experiment.report(1, 1, {{"accuracy", 0.5}});
  CHECK(view_of(experiment).count(trial_state::running) == 1);
  experiment.report(1, 2, {{"accuracy", 0.25}});
  experiment.finish(1);
  experiment.end();

  const auto view = view_of(experiment);
  CHECK(view.id() == "7f3a91c2");
  CHECK(view.created() == 1);
  CHECK(view.count(trial_state::terminated) == 1);
  CHECK(view.count(trial_state::running) == 0);
  CHECK(view.results() == 2);
  CHECK(view.ended()->why == "finished");
  const auto& trial = *view.find("7f3a91c2_00001");
  CHECK(trial.directory == "net_7f3a91c2_00001_lr=0.5_2026-11-25_12-48-15");
  CHECK(trial.last == metrics{{"accuracy", 0.25}});
  CHECK(trial.best == metrics{{"accuracy", 0.5}});
  CHECK(trial.best_iteration == 1);
  CHECK(trial.iterations == 2);
  CHECK(trial.time_total_s == 1);
  CHECK(trial.score(maximize("accuracy"), result_scope::last) == 0.25);
  CHECK(trial.score(maximize("accuracy"), result_scope::best) == 0.5);
  CHECK(trial.score(minimize("accuracy"), result_scope::best) == 0.25);
  CHECK_FALSE(trial.score(minimize("loss"), result_scope::best));
  REQUIRE(trial.attempts.size() == 1);
  CHECK(trial.attempts[0].node == "node-1");
  CHECK(trial.attempts[0].cause == end_cause::finished);
  CHECK(trial.attempts[0].iterations == 2);
}

TEST_CASE("view: attempts, each with its node, cause and iterations; each iteration counted once") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}});
  experiment.report(1, 2, {{"accuracy", 2}});
  experiment.end_attempt(1, end_cause::lost, "node \"node-1\" was lost");
  CHECK(view_of(experiment).find(trial_id{1})->state == trial_state::pending);
  experiment.start(1, 2, 1);
  experiment.place(1, 2, "node-2");
  experiment.report(1, 2, {{"accuracy", 7}}, 2); // Again: was counted.
  experiment.report(1, 3, {{"accuracy", 3}}, 2);
  experiment.end_attempt(1, end_cause::threw, "std::runtime_error: no", 2);
  experiment.change(1, trial_state::error, "it failed once, and may never");

  const auto view = view_of(experiment);
  const auto& trial = *view.find(trial_id{1});
  CHECK(trial.state == trial_state::error);
  CHECK(trial.error == "std::runtime_error: no");
  CHECK(trial.reason == "it failed once, and may never");
  CHECK(trial.iterations == 3);
  REQUIRE(trial.attempts.size() == 2);
  CHECK(trial.attempts[0].cause == end_cause::lost);
  CHECK(trial.attempts[0].iterations == 2);
  CHECK(trial.attempts[1].node == "node-2");
  CHECK(trial.attempts[1].from == 1);
  CHECK(trial.attempts[1].iterations == 1);
  CHECK(view.repeated_results() == 1);
  CHECK(view.lost_results() == 0);
}

TEST_CASE("view: results that are missing between two are counted as lost") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}});
  experiment.report(1, 4, {{"accuracy", 1}});
  experiment.report(9, 1, {{"accuracy", 1}});

  const auto view = view_of(experiment);
  CHECK(view.lost_results() == 2);
  CHECK(view.strays() == 1);
}

TEST_CASE("view: best by metric, direction and scope; the older of two that are equal; NaN never") {
  experiment_for_test experiment;
  const auto results = std::vector<std::vector<double>>{{0.9, 0.1}, {0.5, 0.6}, {0.2, 0.6}, {NAN, NAN}, {0.3, NAN}};
  for (std::uint64_t trial = 1; trial <= results.size(); ++trial) {
    experiment.run(trial);
    for (std::size_t i = 0; i < 2; ++i)
      experiment.report(trial, static_cast<iteration_number>(i + 1), {{"accuracy", results[trial - 1][i]}});
  }

  const auto view = view_of(experiment);
  CHECK(view.best()->trial == trial_id{2});
  CHECK(view.best(result_scope::best)->trial == trial_id{1});
  CHECK(view.best(minimize("accuracy"), result_scope::last)->trial == trial_id{1});
  CHECK(view.best(minimize("accuracy"), result_scope::best)->trial == trial_id{1});
  CHECK(view.best(minimize("loss"), result_scope::best) == nullptr);
  CHECK(numbers(view.best_first(maximize("accuracy"), result_scope::last)) ==
        std::vector<std::uint64_t>{2, 3, 1, 4, 5});
  CHECK(numbers(view.best_first(maximize("accuracy"), result_scope::best)) ==
        std::vector<std::uint64_t>{1, 2, 3, 5, 4});
}

TEST_CASE("view: the newest checkpoint and the best one") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.5}});
  experiment.report_checkpoint(1, 2, {{"accuracy", 0.9}});
  experiment.report_checkpoint(1, 3, {{"accuracy", 0.7}});
  experiment.records.push_back(record::checkpoint_saved{trial_id{1}, {3, 1, "node-1", "/d/last", false, 5}});

  const auto view = view_of(experiment);
  CHECK(view.find(trial_id{1})->checkpoints.newest()->directory == "/d/last");
  CHECK(view.find(trial_id{1})->checkpoints.best()->iteration == 2);
}

TEST_CASE("view: a resumed experiment has not ended, and knows its samples") {
  experiment_for_test experiment;
  experiment.end();
  experiment.resume(/*samples=*/8);

  const auto view = view_of(experiment);
  CHECK_FALSE(view.ended());
  CHECK(view.samples() == 8);
  CHECK(view.resumptions() == 1);
}

TEST_CASE("view: with bounded memory the best of each scope, the furthest and the last failures are kept") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 200; ++trial) {
    experiment.run(trial);
    experiment.report(trial, 1, {{"accuracy", static_cast<double>((trial * 37) % 200)}}); // Best: 27, 54, 81.
    experiment.report(trial, 2, {{"accuracy", static_cast<double>(trial % 100)}});        // Last: 99, 199, 98.
    experiment.end_attempt(trial, trial % 50 == 0 ? end_cause::threw : end_cause::finished, "no");
    experiment.change(trial, trial % 50 == 0 ? trial_state::error : trial_state::terminated);
  }
  experiment.run(201);

  const auto view = view_of(experiment, {/*keep_ended=*/3});
  std::vector<std::uint64_t> kept;
  for (const auto& [trial, each] : view.trials())
    kept.push_back(trial.value);
  CHECK(kept ==
        std::vector<std::uint64_t>{1, 2, 3, 27, 54, 81, 98, 99, 100, 150, 199, 200, 201}); // 1 to 3: as far as any.
  CHECK(view.has_forgotten());
  CHECK_FALSE(view_of(experiment).has_forgotten());
  CHECK(view.created() == 201);
  CHECK(view.count(trial_state::terminated) == 196);
  CHECK(view.count(trial_state::error) == 4);
  CHECK(view.results() == 400);
  CHECK(view.best()->trial == view_of(experiment).best()->trial);
  CHECK(view.best(result_scope::best)->trial == view_of(experiment).best(result_scope::best)->trial);
}

TEST_CASE("view: with bounded memory it is known how far a trial went that was not among the best") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 50; ++trial) {
    experiment.run(trial);
    experiment.report(trial, 1, {{"accuracy", 0.5}});
    if (trial == 20) // Ends as the worst.
      experiment.report_checkpoint(trial, 2, {{"accuracy", 0.25}});
    if (trial == 30)
      for (iteration_number i = 2; i <= 9; ++i)
        experiment.report(trial, i, {{"accuracy", 0.25}});
    experiment.finish(trial);
  }
  experiment.end();

  const auto view = view_of(experiment, {/*keep_ended=*/1});
  CHECK(view.trials().size() == 3);
  REQUIRE(view.find(trial_id{20}) != nullptr);
  CHECK(view.find(trial_id{20})->checkpoints.newest()->iteration == 2);
  REQUIRE(view.find(trial_id{30}) != nullptr);
  CHECK(view.find(trial_id{30})->iterations == 9);
}

TEST_CASE("view: with bounded memory a trial is forgotten with the record after its end") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 3; ++trial) {
    experiment.run(trial);
    experiment.report(trial, 1, {{"accuracy", 1.0 / static_cast<double>(trial)}});
    experiment.finish(trial);
  }
  auto view = view_of(experiment, {/*keep_ended=*/1});
  REQUIRE(view.find(trial_id{3}) != nullptr);
  CHECK(view.find(trial_id{3})->last == metrics{{"accuracy", 1.0 / 3}});
  CHECK(view.find(trial_id{2}) == nullptr);

  REQUIRE(view.on_record(record::trial_created{trial_id{4}, {}, record::trial_origin::searcher, {}}));
  CHECK(view.find(trial_id{3}) == nullptr);
  CHECK(view.trials().size() == 2);
}

TEST_CASE("view: with bounded memory it is known of each trial how it ended") {
  experiment_for_test experiment;
  const auto states = {trial_state::terminated, trial_state::stopped, trial_state::error};
  std::uint64_t trial = 0;
  for (int round = 0; round < 10; ++round)
    for (const auto state : states) {
      experiment.run(++trial);
      experiment.report(trial, 1, {{"accuracy", -static_cast<double>(trial)}});
      experiment.end_attempt(trial);
      experiment.change(trial, state);
    }
  experiment.run(31);

  const auto view = view_of(experiment, {/*keep_ended=*/1});
  CHECK(view.trials().size() == 3); // The first, the last failure, and the one that runs.
  for (trial = 1; trial <= 30; ++trial)
    CHECK(view.state_of(trial_id{trial}) == *(states.begin() + (trial - 1) % 3));
  CHECK(view.state_of(trial_id{31}) == trial_state::running);
  CHECK_FALSE(view.state_of(trial_id{32}));
  CHECK_FALSE(view.state_of(trial_id{0}));
  CHECK(view.find("20") == nullptr);
  CHECK(view.id_of("20") == trial_id{20});
  CHECK(view.id_of("7f3a91c2_00020") == trial_id{20});
  CHECK(view.id_of("31") == trial_id{31});
  CHECK_FALSE(view.id_of("00000000_00020"));
  CHECK_FALSE(view.id_of("32"));
  CHECK_FALSE(view.id_of("0"));
}

TEST_CASE("view: with bounded memory a trial is kept until its checkpoint is in the storage, or lost") {
  experiment_for_test experiment;
  const auto checkpoint = [](iteration_number iteration, bool in_storage) {
    return checkpoint_ref{iteration, 1, "node-1", "/d", in_storage, 1};
  };
  for (std::uint64_t trial = 1; trial <= 6; ++trial) {
    experiment.run(trial);
    auto& reported = experiment.report(trial, 1, {{"accuracy", -static_cast<double>(trial)}});
    if (trial == 1) // It keeps its place: it has the best result, and went as far as any.
      reported.checkpoint = checkpoint(1, true);
    if (trial == 2 || trial == 3)
      reported.checkpoint = checkpoint(trial == 2 ? 1 : 9, false);
    experiment.finish(trial);
  }
  auto view = view_of(experiment, {/*keep_ended=*/1});
  const auto is_kept = [&view](std::uint64_t trial) { return view.find(trial_id{trial}) != nullptr; };
  CHECK(is_kept(2));
  CHECK(is_kept(3));
  CHECK_FALSE(is_kept(4));

  REQUIRE(view.on_record(record::checkpoint_saved{trial_id{2}, checkpoint(1, true)}));
  REQUIRE(is_kept(2)); // For whoever shows this record.
  CHECK(view.find(trial_id{2})->checkpoints.newest_in_storage() != nullptr);
  REQUIRE(view.on_record(record::checkpoint_lost{trial_id{3}, 9, 1}));
  CHECK_FALSE(is_kept(2));
  CHECK(is_kept(3));

  experiment.run(7);
  REQUIRE(view.on_record(experiment.records.back()));
  CHECK_FALSE(is_kept(3)); // It has been further than the first, but its checkpoint never was in the storage.
  CHECK(is_kept(1));
}

TEST_CASE("view: with bounded memory trials without a result are forgotten before one that is infinitely bad") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 9; ++trial) {
    experiment.run(trial);
    if (trial == 6)
      experiment.report(trial, 1, {{"accuracy", -HUGE_VAL}});
    experiment.finish(trial);
  }
  experiment.run(10);

  const auto view = view_of(experiment, {/*keep_ended=*/1});
  REQUIRE(view.best() != nullptr);
  CHECK(view.best()->trial == trial_id{6});
  CHECK(view.trials().size() == 2);
}

TEST_CASE("view: a trial that was tried again and again keeps its first and its newest attempts") {
  experiment_for_test experiment;
  experiment.create(1);
  for (attempt_number attempt = 1; attempt <= 10; ++attempt) {
    experiment.start(1, attempt);
    experiment.end_attempt(1, end_cause::lost, "", attempt);
  }

  const auto view = view_of(experiment, {0, /*keep_attempts=*/3});
  const auto& attempts = view.find(trial_id{1})->attempts;
  REQUIRE(attempts.size() == 3);
  CHECK(attempts[0].attempt == 1);
  CHECK(attempts[1].attempt == 9);
  CHECK(attempts[2].attempt == 10);
}

TEST_CASE("view: a trial by its name or number") {
  experiment_for_test experiment;
  experiment.create(1);

  const auto view = view_of(experiment);
  CHECK(view.find("7f3a91c2_00001") != nullptr);
  CHECK(view.find("1") != nullptr);
  CHECK(view.find("00000000_00001") == nullptr);
  CHECK(view.find("2") == nullptr);
  CHECK(view.find("x") == nullptr);
  CHECK(view.find("") == nullptr);
}

TEST_CASE("view: a trial that has exploited another one has its last values, and goes on from that one's checkpoint") {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.5}});
  experiment.run(2, {{"lr", 0.1}});
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.9}});
  experiment.report_checkpoint(2, 1, {{"accuracy", 0.1}});
  experiment.end_attempt(2, end_cause::paused);
  experiment.change(2, trial_state::paused);
  experiment.records.emplace_back(record::trial_exploited{
    trial_id{2}, 1, trial_id{1}, {1, 1, "node-1", "/d/1", true, 10}, {{"lr", 0.6}}, "it is the worst", {}});
  for (iteration_number i = 2; i <= 4; ++i)
    experiment.report_checkpoint(1, i, {{"accuracy", 0.5}});

  const auto view = view_of(experiment);
  const auto& trial = *view.find(trial_id{2});
  CHECK(trial.state == trial_state::pending);
  CHECK(trial.values == config{{"lr", 0.6}});
  CHECK(trial.reason == "it is the worst");
  REQUIRE(trial.exploits.size() == 1);
  CHECK(trial.exploits[0].donor == trial_id{1});
  CHECK(trial.exploits[0].before == config{{"lr", 0.1}});
  CHECK(trial.exploits[0].after == config{{"lr", 0.6}});
  CHECK(trial.newest_checkpoint()->directory == "/d/1");
  CHECK(trial.checkpoints.best() == nullptr);                   // Its own is of other values.
  CHECK(view.find(trial_id{1})->checkpoints.all().size() == 2); // 1 is the best, lent or not.

  experiment.start(2, 2, /*from=*/1);
  experiment.place(2, 2);
  auto& reported = experiment.report(2, 2, {{"accuracy", 0.7}}, 2);
  reported.checkpoint = checkpoint_ref{2, 2, "node-1", "/d/own", true, 10};
  const auto later = view_of(experiment);
  CHECK(later.find(trial_id{2})->newest_checkpoint()->directory == "/d/own");
  CHECK_FALSE(later.find(trial_id{2})->borrowed);
  CHECK(later.lost_results() == 0);
}

TEST_CASE("view: what a trial has had, and why, and with what each attempt ran") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.5}});
  experiment.resize(1, 1, 4, "1 trial has 4 places");
  experiment.end_attempt(1, end_cause::paused);
  experiment.start(1, 2, /*from=*/1);
  experiment.place(1, 2);

  const auto view = view_of(experiment);
  const auto& trial = *view.find(trial_id{1});
  CHECK(trial.state == trial_state::running);
  CHECK(trial.size == 4);
  REQUIRE(trial.resizes.size() == 1);
  CHECK(trial.resizes[0].iteration == 1);
  CHECK(trial.resizes[0].size == 4);
  CHECK(trial.resizes[0].reason == "1 trial has 4 places");
  REQUIRE(trial.attempts.size() == 2);
  CHECK(trial.attempts[0].size == 1);
  CHECK(trial.attempts[1].size == 4);

  for (trial_size size = 3; size > 0; --size)
    experiment.resize(1, 1, size, "why");
  const auto bounded = view_of(experiment, {0, /*keep_attempts=*/3});
  CHECK(bounded.find(trial_id{1})->size == 1);
  CHECK(bounded.find(trial_id{1})->resizes.size() == 3);
}
