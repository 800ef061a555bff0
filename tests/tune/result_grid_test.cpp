#include "tune/result_grid.hpp"

#include "tests/tune/results/experiment_for_test.hpp"
#include "tune/results/experiment_view.hpp"
#include "tune/results/results_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace tune;

namespace {

experiment_view view_of(const experiment_for_test& experiment) {
  experiment_view view;
  for (const auto& each : experiment.records)
    REQUIRE(view.on_record(each));
  return view;
}

result_grid grid_of(const experiment_for_test& experiment) {
  return {view_of(experiment), "/storage/digits"};
}

/// Three trials: one that goes down after its best, one that is best at the end, one that fails.
experiment_for_test some_experiment() {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.125}, {"data", "x"}});
  experiment.run(2, {{"lr", 0.25}, {"data", "x"}});
  experiment.run(3, {{"lr", 1.0 / 3}, {"data", "x"}});
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.9}, {"loss", 1}});
  experiment.report_checkpoint(1, 2, {{"accuracy", 0.3}, {"loss", 2}});
  experiment.report(2, 1, {{"accuracy", 0.5}, {"loss", 3}});
  experiment.finish(1);
  experiment.finish(2);
  experiment.end_attempt(3, end_cause::threw, "std::runtime_error: no, \"never\"");
  experiment.change(3, trial_state::error, "1 failure, and none is allowed");
  experiment.end();
  return experiment;
}

} // namespace

TEST_CASE("result grid: the best trial by metric and scope") {
  const auto results = grid_of(some_experiment());

  const auto best = results.best();
  CHECK(best.id() == "7f3a91c2_00002");
  CHECK(best.number() == 2);
  CHECK(best.state() == trial_state::terminated);
  CHECK(best.config().get<double>("lr") == 0.25);
  CHECK(best.metrics() == metrics{{"accuracy", 0.5}, {"loss", 3}});
  CHECK(best.iterations() == 1);
  CHECK(best.seconds() == 0.5);
  CHECK(best.path() == "/storage/digits/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18");
  CHECK_FALSE(best.checkpoint());

  const auto best_ever = results.best(result_scope::best);
  CHECK(best_ever.number() == 1);
  CHECK(best_ever.best_metrics().get<double>("accuracy") == 0.9);
  CHECK(best_ever.best_iteration() == 1);
  CHECK(best_ever.checkpoint() == path("/d/2"));
  CHECK(best_ever.best_checkpoint() == path("/d/1"));
  CHECK(results.best(minimize("loss")).number() == 1);
  CHECK(results.best(minimize("loss"), result_scope::best).number() == 1);
}

TEST_CASE("result grid: a trial outlives its grid") {
  const auto best = grid_of(some_experiment()).best();
  CHECK(best.id() == "7f3a91c2_00002");
}

TEST_CASE("result grid: all trials, and those that failed") {
  const auto results = grid_of(some_experiment());

  CHECK(results.size() == 3);
  CHECK(results.trials().size() == 3);
  REQUIRE(results.errors().size() == 1);
  const auto failed = results.errors().front();
  CHECK(failed.error() == "std::runtime_error: no, \"never\"");
  CHECK(failed.reason() == "1 failure, and none is allowed");
  REQUIRE(failed.attempts().size() == 1);
  CHECK(failed.attempts()[0].cause == "exception");
  CHECK(failed.attempts()[0].node == "node-1");
  CHECK(results.count(trial_state::terminated) == 2);
  CHECK(results.results() == 3);
  CHECK(results.lost_results() == 0);
  CHECK(results.ended() == "finished");
  CHECK(results.name() == "digits");
  CHECK(results.directory() == "/storage/digits");
}

TEST_CASE("result grid: where there is no best trial, the error says what there is") {
  const auto message = [](const experiment_for_test& experiment, const objective& by) {
    return grid_of(experiment).try_best(by).error().message;
  };
  CHECK(message(some_experiment(), maximize("acuracy")) ==
        "digits: no trial has a metric \"acuracy\"; there is \"accuracy\", \"loss\"");
  experiment_for_test experiment;
  CHECK(message(experiment, maximize("accuracy")) == "digits: there is no trial yet");
  experiment.run(1);
  CHECK(message(experiment, maximize("accuracy")) == "digits: no trial has reported anything; created: 1, failed: 0");
  experiment.report(1, 1, {{"accuracy", NAN}});
  CHECK(message(experiment, maximize("accuracy")) == "digits: no trial's \"accuracy\" is a number");
  CHECK_THROWS_WITH_AS(grid_of(experiment).best(), "digits: no trial's \"accuracy\" is a number", runtime::failure);

  experiment_for_test aimless("{}");
  aimless.run(1);
  aimless.report(1, 1, {{"accuracy", 1}});
  CHECK(grid_of(aimless).try_best().error().message ==
        "digits: it says of no metric that it is to be the best; there is \"accuracy\"");
}

TEST_CASE("result grid: a table for people, the best first; constants are not shown") {
  const auto results = grid_of(some_experiment());

  CHECK(results.table() == "TRIAL           STATE       ITER  accuracy  loss  TIME  lr\n"
                           "7f3a91c2_00002  terminated  1     0.5       3     0.5s  0.25\n"
                           "7f3a91c2_00001  terminated  2     0.3       2     1.0s  0.125\n"
                           "7f3a91c2_00003  error       0     -         -     0.0s  0.333333\n");
  CHECK(results.table(1) == "TRIAL           STATE       ITER  accuracy  loss  TIME  lr\n"
                            "7f3a91c2_00002  terminated  1     0.5       3     0.5s  0.25\n"
                            "and 2 more\n");
}

TEST_CASE("result grid: CSV with every metric and parameter") {
  CHECK(grid_of(some_experiment()).to_csv() ==
        "trial,state,iterations,time_total_s,attempts,path,error,accuracy,loss,config/lr,config/data\n"
        "7f3a91c2_00001,terminated,2,1.0,1,/storage/digits/net_7f3a91c2_00001_lr=0.125_2026-11-25_12-48-15,,0.3,2,"
        "0.125,x\n"
        "7f3a91c2_00002,terminated,1,0.5,1,/storage/digits/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18,,0.5,3,"
        "0.25,x\n"
        "7f3a91c2_00003,error,0,0.0,1,/storage/digits/net_7f3a91c2_00003_lr=0.3333_2026-11-25_12-48-21,"
        "\"std::runtime_error: no, \"\"never\"\"\",,,0.3333333333333333,x\n");
}

TEST_CASE("result grid: where trials have had other resources, how many times theirs is shown") {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.5}});
  experiment.run(2, {{"lr", 0.5}});
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.5}});
  CHECK(grid_of(experiment).table().find("SIZE") == std::string::npos);
  CHECK(grid_of(experiment).to_json().find("\"size\"") == std::string::npos);
  experiment.resize(1, 1, 4, "1 trial has 4 places");
  experiment.end_attempt(1, end_cause::paused);
  experiment.start(1, 2, /*from=*/1);

  const auto results = grid_of(experiment);
  CHECK(results.table().find("TRIAL           STATE    ITER  SIZE") == 0);
  CHECK(results.to_csv().find("trial,state,iterations,time_total_s,attempts,path,error,size,accuracy") == 0);
  const auto trial = nlohmann::json::parse(results.to_json()).at(0);
  CHECK(trial.at("size") == 4);
  CHECK(trial.at("resizes") ==
        nlohmann::json::parse(R"([{"iteration": 1, "size": 4, "reason": "1 trial has 4 places"}])"));
  CHECK(trial.at("attempts").at(0).at("size") == 1);
  CHECK(trial.at("attempts").at(1).at("size") == 4);
  CHECK(results.trials().at(0).attempts().at(1).size == 4);
}

TEST_CASE("result grid: JSON as the command line prints it") {
  const auto trials = nlohmann::json::parse(grid_of(some_experiment()).to_json());

  REQUIRE(trials.size() == 3);
  CHECK(trials[2] ==
        nlohmann::json::parse(R"({"trial": "7f3a91c2_00003", "state": "error", "config": {"lr": 0.3333333333333333,
          "data": "x"}, "metrics": {}, "iterations": 0, "attempts": [{"attempt": 1, "node": "node-1",
          "cause": "exception", "iterations": 0, "from": 0, "why": "std::runtime_error: no, \"never\""}],
          "error": "std::runtime_error: no, \"never\"", "reason": "1 failure, and none is allowed",
          "time_total_s": 0.0, "path": "/storage/digits/net_7f3a91c2_00003_lr=0.3333_2026-11-25_12-48-21"})"));
  CHECK(trials[0]["error"].is_null());
  CHECK(trials[0]["metrics"] == nlohmann::json({{"accuracy", 0.3}, {"loss", 2}}));
}

TEST_CASE("result grid: what a program prints at its end") {
  const auto json =
    nlohmann::json::parse(document(experiment_json(view_of(some_experiment()), "/storage/digits", 1.5)));

  CHECK(json["experiment"] == "digits");
  CHECK(json["path"] == "/storage/digits");
  CHECK(json["best"]["trial"] == "7f3a91c2_00002");
  CHECK(json["best"]["config"]["lr"] == 0.25);
  CHECK(json["best"]["iterations"] == 1);
  CHECK(json["trials"] == nlohmann::json({{"terminated", 2}, {"error", 1}}));
  CHECK(json["seconds"] == 1.5);
  CHECK(experiment_json(view_of(experiment_for_test()), "/d", 0)["best"].is_null());
}

namespace {

/// Of 40 trials, all with another accuracy and loss, a running program has kept few.
struct forgetful {
  forgetful() {
    for (std::uint64_t trial = 1; trial <= 40; ++trial) {
      const auto accuracy = static_cast<double>((trial * 7) % 41) / 100;
      experiment.run(trial);
      experiment.report(trial, 1, {{"accuracy", accuracy}, {"loss", (trial * 3) % 41}});
      if (trial % 10 != 0) {
        experiment.finish(trial);
        continue;
      }
      experiment.end_attempt(trial, end_cause::threw, "no");
      experiment.change(trial, trial_state::error, "1 failure, and none is allowed");
    }
    experiment.end();
  }
  result_grid grid() {
    experiment_view some({/*keep_ended=*/3});
    for (const auto& each : experiment.records)
      REQUIRE(some.on_record(each));
    REQUIRE(some.has_forgotten());
    return {std::move(some), "/storage/digits", /*kept=*/3, [this]() -> result<experiment_view> {
              ++reads;
              if (is_broken)
                return fail(errc::io, "000001.segment is damaged");
              return view_of(experiment);
            }};
  }

  experiment_for_test experiment;
  int reads = 0;
  bool is_broken = false;
};

} // namespace

TEST_CASE("result grid: the best of very many trials, their counts and the table's head need no journal") {
  forgetful made;
  const auto results = made.grid();
  const auto all = grid_of(made.experiment);

  for (const auto scope : {result_scope::last, result_scope::best})
    CHECK(results.best(scope).number() == all.best(scope).number());
  CHECK(results.best(maximize("accuracy")).number() == all.best().number());
  CHECK(results.size() == 40);
  CHECK(results.results() == 40);
  CHECK(results.count(trial_state::error) == 4);
  CHECK(results.table(3) == all.table(3));
  CHECK(made.reads == 0);
}

TEST_CASE("result grid: what is asked about all of very many trials is read from the journal, once") {
  forgetful made;
  const auto results = made.grid();
  const auto copy = results;
  const auto all = grid_of(made.experiment);

  CHECK(results.trials().size() == 40);
  CHECK(copy.errors().size() == 4);
  CHECK(results.best(minimize("loss")).number() == all.best(minimize("loss")).number());
  CHECK(results.best(minimize("accuracy")).number() == all.best(minimize("accuracy")).number());
  CHECK(copy.to_csv() == all.to_csv());
  CHECK(results.to_json() == all.to_json());
  CHECK(results.table(20) == all.table(20));
  CHECK(results.try_best(maximize("speed")).error().message == all.try_best(maximize("speed")).error().message);
  CHECK(made.reads == 1);
}

TEST_CASE("result grid: a journal that cannot be read is an error, and is read again the next time") {
  forgetful made;
  const auto results = made.grid();
  made.is_broken = true;

  const auto refused = results.try_best(minimize("loss"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::io);
  CHECK(refused.error().message == "the trials of digits: 000001.segment is damaged");
  CHECK_THROWS_AS(results.trials(), runtime::failure);

  made.is_broken = false;
  CHECK(results.trials().size() == 40);
}
