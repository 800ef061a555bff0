#include "tune/spec/run_spec.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

const std::vector<objective> goals = {maximize("accuracy"), minimize("loss")};

/// Without mistakes.
run_spec spec_in(const std::string& text) {
  auto read = read_run_spec(text, goals);
  REQUIRE(texts_of(read.mistakes, "spec") == lines{});
  return std::move(read.spec);
}

lines mistakes_in(const std::string& text) {
  return texts_of(read_run_spec("space: {x: {uniform: [0, 1]}}\n" + text, goals).mistakes, "spec");
}

} // namespace

TEST_CASE("run spec: every field") {
  const auto spec = spec_in(R"(
space: {x: {uniform: [0, 1]}}
stop: {training_iteration: 81, accuracy: 0.99, loss: 0.1, latency: {at_most: 5}}
resources: {cpu: 2, gpu: 0.5, memory: 16GiB}
max_failures: -1
max_losses: 3
max_concurrent_trials: 7
checkpoints: {every: 5, at_end: false, keep: 3, local_first: true, second_node: false}
time_budget_s: 3600
step_deadline_s: 1.5
trial_deadline_s: 20
fail_fast: true
wait_for_nodes: true
wait_for_disk: true
process_per_attempt: true
in_process_threads: 2
)");

  using relation = stop_condition::relation;
  CHECK(spec.stop == std::vector<stop_condition>{{"training_iteration", relation::at_least, 81},
                                                 {"accuracy", relation::at_least, 0.99},
                                                 {"loss", relation::at_most, 0.1},
                                                 {"latency", relation::at_most, 5}});
  CHECK(spec.resources == or_throw(runtime::resource_set::parse("cpu=2,gpu=0.5,memory=16GiB")));
  CHECK(spec.failures.max_failures == -1);
  CHECK(spec.failures.max_losses == 3);
  CHECK(spec.max_concurrent_trials == 7);
  CHECK(spec.checkpoints == checkpoint_policy{5, false});
  CHECK(spec.checkpoints_kept == 3);
  CHECK(*spec.time_budget == 1h);
  CHECK(*spec.step_deadline == 1500ms);
  CHECK(*spec.trial_deadline == 20s);
  CHECK(spec.fail_fast);
  CHECK(spec.wait_for_nodes);
  CHECK(spec.wait_for_disk);
  CHECK(spec.process_per_attempt);
  CHECK(spec.in_process_threads == 2);
}

TEST_CASE("run spec: what is not said is as an experiment's defaults; a mapping of parameters says nothing") {
  for (const char* text : {"space: {x: {uniform: [0, 1]}}", "x: {uniform: [0, 1]}\nstop: 7\nmax_failures: many"}) {
    const auto spec = spec_in(text);
    CHECK(spec.stop.empty());
    CHECK(spec.resources == runtime::cpus(1));
    CHECK(spec.failures.max_failures == 0);
    CHECK(spec.failures.max_losses == -1);
    CHECK(spec.checkpoints == checkpoint_policy());
    CHECK(!spec.time_budget);
    CHECK(!spec.fail_fast);
  }
}

TEST_CASE("run spec: every mistake, with its line and what would be right") {
  CHECK(mistakes_in(R"(stop: [81]
resources: 2
max_failures: 1.5
max_losses: -2
max_concurrent_trials: many
checkpoints: often
time_budget_s: 0
step_deadline_s: 10 s
trial_deadline_s: 1e10
fail_fast: 1
wait_for_nodes: sometimes
)") == lines{
         "spec:2: stop: a mapping such as {training_iteration: 81} is needed, but it is [81]",
         "spec:3: resources: a mapping such as {cpu: 1} is needed, but it is 2",
         "spec:4: max_failures: 1.5 is no integer from -1 to 2147483647",
         "spec:5: max_losses: -2 is no integer from -1 to 2147483647",
         "spec:6: max_concurrent_trials: \"many\" is no integer from 0 to 2147483647",
         "spec:7: checkpoints: a mapping such as {every: 5} is needed, but it is \"often\"",
         "spec:8: time_budget_s: 0 is no number of seconds; use more than 0 and at most 315360000",
         "spec:9: step_deadline_s: \"10 s\" is no number of seconds; use more than 0 and at most "
         "315360000",
         "spec:10: trial_deadline_s: 10000000000.0 is no number of seconds; use more than 0 and at "
         "most 315360000",
         "spec:11: fail_fast: 1 is neither true nor false",
         "spec:12: wait_for_nodes: \"sometimes\" is neither true nor false",
       });
}

TEST_CASE("run spec: mistakes inside of stop, resources and checkpoints") {
  CHECK(mistakes_in("stop:\n  training_iteration: soon\n  accuracy: {above: 1}") ==
        lines{"spec:3: stop: \"training_iteration\": \"soon\" is no bound; use a number, {at_least: 0.9} or "
              "{at_most: 0.1}",
              "spec:4: stop: \"accuracy\": {\"above\":1} is no bound; use a number, {at_least: 0.9} or "
              "{at_most: 0.1}"});
  CHECK(mistakes_in("stop: {accuracy: {at_most: 0.5}}") ==
        lines{"spec:2: stop: \"accuracy\" is maximized, but \"at most 0.5\" ends the trials that are worse; use "
              "at_least(0.5)"});
  CHECK(mistakes_in("resources: {gpu: 1.5}") ==
        lines{"spec:2: resources: gpu=1.5 is neither whole nor less than one device; use for example gpu=1, gpu=2 or "
              "gpu=0.5"});
  CHECK(mistakes_in("resources: {cpu: lots}") ==
        lines{"spec:2: resources: \"cpu\": lots is not an amount; use 0 to 1e14 in steps of 0.0001"});
  CHECK(mistakes_in("checkpoints:\n  evry: 5\n  keep: 0\n  at_end: yes please") ==
        lines{"spec:3: checkpoints: there is no \"evry\"; did you mean \"every\"?",
              "spec:4: checkpoints: keep: 0 is no integer from 1 to 2147483647",
              "spec:5: checkpoints: at_end: \"yes please\" is neither true nor false"});
}
