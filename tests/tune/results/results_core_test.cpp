#include "tune/results/results_core.hpp"

#include "tests/tune/results/experiment_for_test.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace tune;

namespace {

template <class Action>
std::vector<Action> actions_of(const experiment_for_test& experiment) {
  results_core core;
  std::vector<Action> all;
  for (const auto& record : experiment.records)
    for (const auto& each : core.on_record(record))
      if (const auto* action = std::get_if<Action>(&each))
        all.push_back(*action);
  return all;
}

} // namespace

TEST_CASE("results: params.json, and the names of a trial's files") {
  experiment_for_test experiment;
  experiment.create(4, {{"lr", 0.5}, {"optimizer/name", "sgd"}});

  const auto made = actions_of<results_core::make_trial>(experiment);
  REQUIRE(made.size() == 1);
  CHECK(made[0].params == "{\n  \"lr\": 0.5,\n  \"optimizer\": {\n    \"name\": \"sgd\"\n  }\n}\n");
  CHECK(made[0].files->directory == "net_7f3a91c2_00004_lr=0.5,name=sgd_2026-11-25_12-48-15");
  CHECK(made[0].files->event_file == "events.out.tfevents.1795610895.7f3a91c2_00004");
}

TEST_CASE("results: whatever an experiment's id is, lines are JSON and files lie in the trial's directory") {
  experiment_for_test experiment;
  std::get<record::experiment_begun>(experiment.records.front()).id = "/../\"\xff,";
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 0.25}});

  const auto made = actions_of<results_core::make_trial>(experiment);
  const auto appended = actions_of<results_core::append_result>(experiment);

  REQUIRE(made.size() == 1);
  CHECK(made[0].files->event_file == "events.out.tfevents.1795610895._.._____00001");
  REQUIRE(appended.size() == 1);
  CHECK(nlohmann::json::parse(appended[0].json)["trial_id"] == "/../\"\xEF\xBF\xBD,_00001");
  CHECK(appended[0].row.find(",\"/../\"\"\xff,_00001\",") != std::string::npos);
}

TEST_CASE("results: a result as a line of JSON and as a row, with the names that Ray Tune's tools know") {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.5}, {"act", "a,b"}});
  experiment.report(1, 1, {{"accuracy", 0.25}, {"note", "x"}});
  experiment.report(1, 2, {{"accuracy", 1}, {"note", "y"}}).done = true;

  const auto appended = actions_of<results_core::append_result>(experiment);
  REQUIRE(appended.size() == 2);
  CHECK(appended[0].index == 1);
  CHECK(appended[0].json ==
        R"({"accuracy": 0.25, "note": "x", "timestamp": 1795610898, "date": "2026-11-25_12-48-18", )"
        R"("time_this_iter_s": 0.5, "time_total_s": 0.5, "training_iteration": 1, "trial_id": "7f3a91c2_00001", )"
        R"("experiment_id": "7f3a91c2", "pid": 101, "hostname": "host-of-node-1", "node_ip": "10.0.0.1", )"
        R"("node": "node-1", "done": false, "time_since_restore": 0.5, "iterations_since_restore": 1, )"
        R"("config": {"lr": 0.5, "act": "a,b"}})"
        "\n");
  CHECK(*appended[0].header == "accuracy,note,timestamp,date,time_this_iter_s,time_total_s,training_iteration,trial_id,"
                               "pid,experiment_id,hostname,node_ip,node,done,time_since_restore,"
                               "iterations_since_restore,config/lr,config/act\n");
  CHECK(appended[0].columns == 18);
  CHECK(appended[1].header == appended[0].header);
  CHECK(appended[1].row == "1,y,1795610899,2026-11-25_12-48-19,0.5,1.0,2,7f3a91c2_00001,101,7f3a91c2,host-of-node-1,"
                           "10.0.0.1,node-1,true,1.0,2,0.5,\"a,b\"\n");
}

TEST_CASE("results: a metric that appears later is a column at the end, one that is missing an empty cell") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}});
  experiment.report(1, 2, {{"loss", 2}, {"accuracy", 3}});
  experiment.report(1, 3, {{"loss", 4}});

  const auto appended = actions_of<results_core::append_result>(experiment);
  REQUIRE(appended.size() == 3);
  CHECK(*appended[1].header == appended[0].header->substr(0, appended[0].header->size() - 1) + ",loss\n");
  CHECK(appended[1].columns == appended[0].columns + 1);
  CHECK(appended[1].row.substr(0, 2) == "3,");
  CHECK(appended[1].row.substr(appended[1].row.size() - 3) == ",2\n");
  CHECK(appended[2].row.substr(0, 2) == ",1");
  CHECK(appended[2].row.substr(appended[2].row.size() - 3) == ",4\n");
}

TEST_CASE("results: what is filled in always means the same, whatever the user calls his metrics") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}, {"done", true}, {"pid", "mine"}, {"config/lr", 7}, {"config", 8}});

  const auto appended = actions_of<results_core::append_result>(experiment);
  const auto json = nlohmann::json::parse(appended.at(0).json);
  CHECK(json["pid"] == 101);
  CHECK(json["done"] == false);
  CHECK(json["config"]["lr"] == 0.5);
  CHECK(appended[0].header->find("pid") == appended[0].header->rfind("pid"));
}

TEST_CASE("results: after a restore, what is counted since then begins anew") {
  experiment_for_test experiment;
  experiment.run(1);
  for (iteration_number i = 1; i <= 3; ++i)
    experiment.report(1, i, {{"accuracy", 1}});
  experiment.end_attempt(1, end_cause::lost, "node-1 was lost");
  experiment.start(1, 2, /*from=*/2);
  experiment.report(1, 4, {{"accuracy", 1}}, 2);

  const auto appended = actions_of<results_core::append_result>(experiment);
  const auto json = nlohmann::json::parse(appended.at(3).json);
  CHECK(json["training_iteration"] == 4);
  CHECK(json["iterations_since_restore"] == 2);
  CHECK(json["time_since_restore"] == 0.5);
  CHECK(json["pid"].is_null()); // Nobody has said where it runs.
}

TEST_CASE("results: a result that comes twice is there once") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}});
  experiment.report(1, 1, {{"accuracy", 2}});
  experiment.report(1, 2, {{"accuracy", 3}});

  const auto appended = actions_of<results_core::append_result>(experiment);
  REQUIRE(appended.size() == 2);
  CHECK(appended[1].index == 2);
}

TEST_CASE("results: error.txt says of each failure where it was and why") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.end_attempt(1, end_cause::lost, "node-1 was lost");
  experiment.start(1, 2);
  experiment.place(1, 2, "node-2");
  experiment.end_attempt(1, end_cause::threw, "std::runtime_error: no\n  in step()", 2);
  experiment.change(1, trial_state::error, "1 failure, and none is allowed");

  const auto errors = actions_of<results_core::write_errors>(experiment);
  REQUIRE(errors.size() == 3);
  CHECK(errors[2].text == "attempt 1 on node-1 (process 101), 2026-11-25_12-48-18: node lost\nnode-1 was lost\n\n"
                          "attempt 2 on node-2 (process 102), 2026-11-25_12-48-21: exception\n"
                          "std::runtime_error: no\n  in step()\n\n"
                          "given up, 2026-11-25_12-48-22: 1 failure, and none is allowed\n");
  CHECK(actions_of<results_core::end_trial>(experiment).size() == 1);
}

TEST_CASE("results: an attempt that ended in good order, or with its driver, is no failure") {
  experiment_for_test experiment;
  for (const auto cause : {end_cause::finished, end_cause::stopped, end_cause::paused, end_cause::driver_lost}) {
    experiment.run(1);
    experiment.end_attempt(1, cause);
  }
  CHECK(actions_of<results_core::write_errors>(experiment).empty());
}

TEST_CASE("results: experiment.json is the description, and how far it is") {
  experiment_for_test experiment(R"({"name": "digits", "metric": "accuracy", "samples": 4})");
  experiment.run(1);
  experiment.report(1, 1, {{"accuracy", 1}});
  experiment.finish(1);
  experiment.create(2);
  experiment.resume(/*samples=*/8);

  results_core core;
  for (const auto& record : experiment.records)
    core.on_record(record);
  CHECK(core.experiment_json() == R"({
  "name": "digits",
  "metric": "accuracy",
  "samples": 8,
  "status": {
    "id": "7f3a91c2",
    "state": "running",
    "begun": "2026-11-25_12-48-14",
    "resumed": 1,
    "trials": {
      "pending": 1,
      "terminated": 1
    },
    "results": 1
  }
}
)");
  CHECK(core.lives() == 1);
}

TEST_CASE("results: after an exploit the lines have the new values, and pbt_policy.json says what the state has seen") {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.5}});
  experiment.run(2, {{"lr", 0.1}, {"act", "relu"}});
  experiment.report(2, 1, {{"accuracy", 1}});
  const auto exploit = [&](std::uint64_t trial, iteration_number at, std::uint64_t donor, iteration_number of,
                           config values) {
    experiment.records.emplace_back(record::trial_exploited{
      trial_id{trial}, at, trial_id{donor}, {of, 1, "node-1", "/d", true, 1}, std::move(values), "worst", {}});
  };
  exploit(2, 1, 1, 4, {{"lr", 0.25}, {"beta", 1}});
  experiment.start(2, 2, /*from=*/1);
  experiment.report(2, 2, {{"accuracy", 1}}, 2);
  experiment.run(3, {{"lr", 0.75}});
  exploit(3, 9, 2, 3, {{"lr", 0.3}}); // From one that has changed itself: its state has seen 4 + 2.

  const auto appended = actions_of<results_core::append_result>(experiment);
  REQUIRE(appended.size() == 2);
  const auto json = nlohmann::json::parse(appended[1].json);
  CHECK(json["config"] == nlohmann::json{{"lr", 0.25}, {"beta", 1}});
  CHECK(json["training_iteration"] == 2);
  CHECK(json["iterations_since_restore"] == 1);
  CHECK(*appended[1].header == *appended[0].header);
  CHECK(appended[1].row.substr(appended[1].row.size() - 7) == ",0.25,\n"); // Its columns are those it began with.

  const auto policies = actions_of<results_core::write_policy>(experiment);
  REQUIRE(policies.size() == 2);
  const std::string first = R"({"seen":4,"trial":"7f3a91c2_00002","iteration":1,"donor":"7f3a91c2_00001",)"
                            R"("donor_iteration":4,"old_config":{"lr":0.5},"new_config":{"lr":0.25,"beta":1},)"
                            R"("reason":"worst"})"
                            "\n";
  CHECK(policies[0].files->trial == trial_id{2});
  CHECK(policies[0].text == first);
  CHECK(policies[1].files->trial == trial_id{3});
  CHECK(policies[1].text == first + R"({"seen":6,"trial":"7f3a91c2_00003","iteration":9,"donor":"7f3a91c2_00002",)"
                                    R"("donor_iteration":3,"old_config":{"lr":0.25,"beta":1},)"
                                    R"("new_config":{"lr":0.3},"reason":"worst"})"
                                    "\n");
}
