#include "tools/caf_tune/experiment_report.hpp"

#include "tests/tune/results/experiment_for_test.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace tools;

namespace {

experiment_for_test some_experiment() {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.125}, {"data", "x"}});
  experiment.run(2, {{"lr", 0.25}, {"data", "x"}});
  experiment.report(1, 1, {{"accuracy", 0.875}, {"loss", 1}});
  experiment.report(2, 1, {{"accuracy", 0.5}});
  experiment.report(1, 2, {{"accuracy", 0.25}, {"note", "a,b"}});
  experiment.report(1, 2, {{"accuracy", 7}}); // Comes twice.
  experiment.finish(1);
  return experiment;
}

tune::experiment_view view_of(const experiment_for_test& experiment) {
  tune::experiment_view view;
  for (const auto& each : experiment.records)
    REQUIRE(view.on_record(each));
  return view;
}

report_wishes as(form what) {
  report_wishes wishes;
  wishes.as = what;
  return wishes;
}

std::string results_of(const report_wishes& wishes, const experiment_for_test& experiment = some_experiment()) {
  std::string text;
  results_report report(wishes, [&](const std::string& more) { text += more; });
  for (const auto& each : experiment.records)
    report.learn_columns(each);
  for (const auto& each : experiment.records)
    report.on_record(each);
  report.finish();
  return text;
}

std::string best_error(const report_wishes& wishes) {
  return best_report(view_of(some_experiment()), "/s/digits", wishes).error().message;
}

} // namespace

TEST_CASE("report: the best trial, for people, as JSON and as CSV") {
  const auto view = view_of(some_experiment());

  CHECK(*best_report(view, "/s/digits", as(form::table)) ==
        "TRIAL       7f3a91c2_00002\n"
        "accuracy    0.5\n"
        "state       running\n"
        "iterations  1\n"
        "config      {\"lr\":0.25,\"data\":\"x\"}\n"
        "metrics     {\"accuracy\":0.5}\n"
        "path        /s/digits/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18\n");
  const auto json = nlohmann::json::parse(*best_report(view, "/s/digits", as(form::json)));
  CHECK(json["trial"] == "7f3a91c2_00002");
  CHECK(json["config"]["lr"] == 0.25);
  CHECK(json["metrics"]["accuracy"] == 0.5);
  CHECK(json["iterations"] == 1);
  CHECK(json["path"] == "/s/digits/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18");
  CHECK(*best_report(view, "/s", as(form::csv)) ==
        "trial,state,iterations,time_total_s,attempts,path,error,accuracy,config/lr,config/data\n"
        "7f3a91c2_00002,running,1,0.5,1,/s/net_7f3a91c2_00002_lr=0.25_2026-11-25_12-48-18,,0.5,0.25,x\n");
}

TEST_CASE("report: the best by another metric, direction or scope") {
  const auto view = view_of(some_experiment());
  const auto best = [&](const report_wishes& wishes) {
    return nlohmann::json::parse(*best_report(view, "/s", wishes))["trial"].get<std::string>();
  };
  auto wishes = as(form::json);
  wishes.scope = tune::result_scope::best;
  CHECK(best(wishes) == "7f3a91c2_00001");
  wishes.mode = "min";
  CHECK(best(wishes) == "7f3a91c2_00001");
  wishes.metric = "loss";
  CHECK(best(wishes) == "7f3a91c2_00001");
  wishes.mode.reset();
  CHECK(best_error(wishes) ==
        "\"loss\" is no objective of the experiment: say with --mode min or --mode max what is better");
  wishes.mode = "max";
  wishes.metric = "los";
  CHECK(best_error(wishes) == "digits: no trial has a metric \"los\"; there is \"accuracy\", \"note\"");
}

TEST_CASE("report: trials, the best first for people, by number for programs") {
  const auto view = view_of(some_experiment());

  CHECK(*trials_report(view, "/s", as(form::table)) ==
        "TRIAL           STATE       ITER  accuracy  note  TIME  lr\n"
        "7f3a91c2_00002  running     1     0.5       -     0.5s  0.25\n"
        "7f3a91c2_00001  terminated  2     0.25      a,b   1.0s  0.125\n");
  const auto json = nlohmann::json::parse(*trials_report(view, "/s", as(form::json)));
  REQUIRE(json.size() == 2);
  CHECK(json[0]["trial"] == "7f3a91c2_00001");
  CHECK(json[0]["state"] == "terminated");
  CHECK(json[0]["attempts"][0]["cause"] == "finished");
  CHECK(json[1]["attempts"][0]["cause"].is_null());
  CHECK(trials_report(view, "/s", as(form::csv))->substr(0, 6) == "trial,");
}

TEST_CASE("report: results, each once, as JSON, CSV and a table") {
  const auto json = nlohmann::json::parse(results_of(as(form::json)));
  REQUIRE(json.size() == 3);
  CHECK(json[0]["trial_id"] == "7f3a91c2_00001");
  CHECK(json[2]["training_iteration"] == 2);
  CHECK(json[2]["accuracy"] == 0.25);
  CHECK(json[2]["config"]["lr"] == 0.125);
  CHECK(results_of(as(form::csv)) == "trial,training_iteration,time_this_iter_s,time_total_s,date,accuracy,loss,note\n"
                                     "7f3a91c2_00001,1,0.5,0.5,2026-11-25_12-48-21,0.875,1,\n"
                                     "7f3a91c2_00002,1,0.5,0.5,2026-11-25_12-48-22,0.5,,\n"
                                     "7f3a91c2_00001,2,0.5,1.0,2026-11-25_12-48-23,0.25,,\"a,b\"\n");
  CHECK(results_of(as(form::table)) == "TRIAL           ITER  TIME  TOTAL  DATE                 accuracy  loss  note\n"
                                       "7f3a91c2_00001  1     0.5   0.5    2026-11-25_12-48-21  0.875     1     -\n"
                                       "7f3a91c2_00002  1     0.5   0.5    2026-11-25_12-48-22  0.5       -     -\n"
                                       "7f3a91c2_00001  2     0.5   1      2026-11-25_12-48-23  0.25      -     a,b\n");
}

TEST_CASE("report: results of one trial, and only the newest") {
  auto wishes = as(form::json);
  wishes.trial = "2";
  CHECK(nlohmann::json::parse(results_of(wishes)).size() == 1);
  wishes.trial = "7f3a91c2_00001";
  CHECK(nlohmann::json::parse(results_of(wishes)).size() == 2);
  wishes.last = 1;
  CHECK(nlohmann::json::parse(results_of(wishes))[0]["training_iteration"] == 2);
  wishes.trial = "9";
  CHECK(results_of(wishes) == "[]\n");
}

TEST_CASE("report: times of microseconds are not rounded to nothing") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 0.5}});
  auto& timed = std::get<tune::record::result_reported>(experiment.records.back());
  timed.time_this_iteration_s = timed.time_total_s = 1.7e-05;

  CHECK(results_of(as(form::csv), experiment).find(",1,1.7e-05,1.7e-05,") != std::string::npos);
  CHECK(results_of(as(form::table), experiment).find("  1.7e-05  1.7e-05  ") != std::string::npos);
}

TEST_CASE("report: a list of thousands is cut in tables, and whole in JSON and CSV") {
  const tune::value::list many(5000, tune::value(0.5));
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 0.5}, {"histogram", tune::value(many)}, {"note", std::string(5000, 'n')}});
  const auto view = view_of(experiment);

  CHECK(trials_report(view, "/s", as(form::table))->size() < 500);
  CHECK(trials_report(view, "/s", as(form::table))->find("[0.5,0.5,0.5,") != std::string::npos);
  CHECK(best_report(view, "/s", as(form::table))->size() < 1000);
  CHECK(results_of(as(form::table), experiment).size() < 500);
  CHECK(results_of(as(form::csv), experiment).size() > 20'000);
  CHECK(nlohmann::json::parse(*trials_report(view, "/s", as(form::json)))[0]["metrics"]["histogram"].size() == 5000);
}
