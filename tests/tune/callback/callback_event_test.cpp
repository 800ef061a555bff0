#include "tune/callback/callback_event.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/tune/results/experiment_for_test.hpp"

using namespace tune;

namespace {

/// Writes down what it is told.
class writing : public callback {
public:
  void on_trial_started(const trial_start& what) override {
    add("start " + what.trial.id + " attempt " + std::to_string(what.attempt) + " on " + what.node);
  }
  void on_result(const trial_report& what) override {
    add("result " + std::to_string(what.trial.number) + " " + std::to_string(what.iteration) + " " +
        to_json(what.metrics) + " " + to_json(what.trial.config));
  }
  void on_checkpoint(const stored_checkpoint& what) override {
    add("checkpoint " + std::to_string(what.trial.number) + " " + what.directory.string() + " " +
        to_json(what.trial.config));
  }
  void on_trial_ended(const trial_end& what) override {
    add("end " + std::to_string(what.trial.number) + " " + to_string(what.state) + " " + what.reason + " " +
        what.error + " after " + std::to_string(what.iterations) + " " + to_json(what.metrics));
  }
  void on_experiment_ended(const experiment_end& what) override {
    add("ended " + what.why + (what.complete ? " complete" : ""));
  }

  std::string said;

private:
  void add(const std::string& line) { said += line + "\n"; }
};

std::string told_of(const experiment_for_test& experiment, experiment_view_options options = {}) {
  experiment_view view(options);
  writing into;
  for (const auto& each : experiment.records) {
    REQUIRE(view.on_record(each));
    for (const auto& event : events_of(each, view))
      tell(into, event);
  }
  return into.said;
}

} // namespace

TEST_CASE("callback events: the life of a trial") {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.5}});
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.9}});
  experiment.end_attempt(1, end_cause::lost, "node-1 was lost");
  experiment.start(1, 2, 1);
  experiment.place(1, 2, "node-2");
  experiment.finish(1);
  experiment.end();

  CHECK(told_of(experiment) == "start 7f3a91c2_00001 attempt 1 on node-1\n"
                               "result 1 1 {\"accuracy\":0.9} {\"lr\":0.5}\n"
                               "checkpoint 1 /d/1 {\"lr\":0.5}\n"
                               "start 7f3a91c2_00001 attempt 2 on node-2\n"
                               "end 1 terminated   after 1 {\"accuracy\":0.9}\n"
                               "ended finished complete\n");
}

TEST_CASE("callback events: a checkpoint counts when it is in the storage; a pause is no end; an error says why") {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.records.push_back(record::checkpoint_saved{trial_id{1}, {3, 1, "node-1", "/node/3", false, 5}});
  experiment.records.push_back(record::checkpoint_saved{trial_id{1}, {3, 1, "node-1", "/storage/3", true, 5}});
  experiment.change(1, trial_state::paused, "rung 1");
  experiment.change(1, trial_state::pending, "its turn");
  experiment.start(1, 2);
  experiment.end_attempt(1, end_cause::threw, "std::runtime_error: no data", 2);
  experiment.change(1, trial_state::error, "no failure is allowed");

  CHECK(told_of(experiment) == "start 7f3a91c2_00001 attempt 1 on node-1\n"
                               "checkpoint 1 /storage/3 {\"lr\":0.5,\"data\":\"x\"}\n"
                               "end 1 error no failure is allowed std::runtime_error: no data after 0 {}\n");
}

TEST_CASE("callback events: the end of a trial is told whole, and its late checkpoint, of however many trials") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 9; ++trial) {
    experiment.run(trial, {{"lr", static_cast<double>(trial)}});
    auto& reported = experiment.report(trial, 1, {{"accuracy", -static_cast<double>(trial)}});
    if (trial == 5)
      reported.checkpoint = checkpoint_ref{1, 1, "node-1", "/node/1", false, 5};
    experiment.finish(trial);
  }
  experiment.records.push_back(record::checkpoint_saved{trial_id{5}, {1, 1, "node-1", "/storage/1", true, 5}});
  experiment.end();

  const auto all = told_of(experiment);
  CHECK(told_of(experiment, {/*keep_ended=*/1}) == all);
  CHECK(all.find("end 9 terminated   after 1 {\"accuracy\":-9.0}\n") != std::string::npos);
  CHECK(all.find("checkpoint 5 /storage/1 {\"lr\":5.0}\n") != std::string::npos);
}
