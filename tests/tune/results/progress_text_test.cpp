#include "tune/results/progress_text.hpp"

#include "tests/tune/results/experiment_for_test.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

const record::wall_time start{std::chrono::seconds(1'795'610'894)}; // 2026-11-25 12:48:14 UTC

experiment_for_test some_experiment() {
  experiment_for_test experiment;
  experiment.run(1, {{"lr", 0.125}, {"data", "x"}});
  experiment.run(2, {{"lr", 0.25}, {"data", "x"}});
  experiment.run(3, {{"lr", 0.5}, {"data", "x"}});
  experiment.report(1, 1, {{"accuracy", 0.875}});
  experiment.report(2, 1, {{"accuracy", 0.75}});
  experiment.finish(1);
  experiment.end_attempt(3, end_cause::threw, "std::runtime_error: no\n  in step()");
  experiment.change(3, trial_state::error, "1 failure, and none is allowed");
  experiment.create(4);
  return experiment;
}

experiment_view view_of(const std::vector<journal_record>& records) {
  experiment_view view;
  for (const auto& each : records)
    REQUIRE(view.on_record(each));
  return view;
}

progress_facts facts() {
  progress_facts known;
  known.begun = start;
  known.now = start + std::chrono::seconds(90);
  known.planned = 8;
  known.resources = {{"cpu", {1, 2}}, {"gpu", {0.5, 1}}, {"memory", {1 << 30, 4.0 * (1 << 30)}}};
  return known;
}

std::string lines_of(const experiment_for_test& experiment, experiment_view_options options = {}) {
  experiment_view view(options);
  std::string lines;
  for (const auto& each : experiment.records) {
    REQUIRE(view.on_record(each));
    lines += progress_line(each, view);
  }
  return lines;
}

} // namespace

TEST_CASE("progress: the status block of a terminal") {
  const auto view = view_of(some_experiment().records);

  CHECK(progress_block(view, facts(), {/*rows=*/8, /*width=*/100}) ==
        "digits: 4 of 8 trials: 1 running, 1 pending, 1 terminated, 1 error, 2 results\n"
        "time: 1:30, about 4:30 left; used: cpu 1/2, gpu 0.5/1, memory 1.0/4.0 GiB\n"
        "best: 7f3a91c2_00001 accuracy=0.875 after 1 iteration, lr=0.125\n"
        "RUNNING         ITER  TIME  NODE    RESULT         PARAMETERS\n"
        "7f3a91c2_00002  1     0.5s  node-1  accuracy=0.75  lr=0.25\n");
}

TEST_CASE("progress: at first little is known") {
  experiment_for_test experiment;
  progress_facts known;
  known.begun = known.now = start;

  CHECK(progress_block(view_of(experiment.records), known, {}) == "digits: 0 trials, 0 results\n"
                                                                  "time: 0:00\n"
                                                                  "best: none so far\n");
}

TEST_CASE("progress: no line is longer than the terminal is wide, and no more rows than there is room for") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 5; ++trial)
    experiment.run(trial, {{"lr", 0.5}, {"name", "\x1b[2Jä"}});

  CHECK(progress_block(view_of(experiment.records), facts(), {/*rows=*/2, /*width=*/52}) ==
        "digits: 5 of 8 trials: 5 running, 0 results\n"
        "time: 1:30; used: cpu 1/2, gpu 0.5/1, memory 1.0/4.0\n"
        "best: none so far\n"
        "RUNNING         ITER  TIME  NODE    RESULT  PARAMETE\n"
        "7f3a91c2_00001  0     0.0s  node-1  -       lr=0.5 n\n"
        "7f3a91c2_00002  0     0.0s  node-1  -       lr=0.5 n\n"
        "and 3 more\n");
}

TEST_CASE("progress: time left, from what this driver has seen end, and by the budget") {
  const auto view = view_of(some_experiment().records);
  const auto second_line = [&](const progress_facts& known) {
    const auto block = progress_block(view, known, {});
    const auto begin = block.find('\n') + 1;
    return block.substr(begin, block.find('\n', begin) - begin);
  };
  auto known = facts();
  known.resources.clear();

  known.ended_before = 1;
  CHECK(second_line(known) == "time: 1:30, about 9:00 left");
  known.budget_ends = known.now + std::chrono::seconds(65);
  CHECK(second_line(known) == "time: 1:30, about 1:05 left");
  known.planned.reset();
  CHECK(second_line(known) == "time: 1:30, about 1:05 left");
  known.budget_ends.reset();
  CHECK(second_line(known) == "time: 1:30");
  CHECK(duration_text(std::chrono::seconds(3'723)) == "1:02:03");
}

TEST_CASE("progress: without a terminal a line for each event, and none for a result") {
  auto experiment = some_experiment();
  experiment.start(4, 2);
  experiment.place(4, 2, "node-2");
  experiment.change(2, trial_state::stopped, "rung 1: 0.75 is not among the best 1/2 of 2 results");
  experiment.end();
  experiment.resume();

  CHECK(lines_of(experiment) ==
        "12:48:14 experiment digits begun, id 7f3a91c2, seed 1\n"
        "12:48:16 trial 7f3a91c2_00001 runs on node-1: lr=0.125\n"
        "12:48:19 trial 7f3a91c2_00002 runs on node-1: lr=0.25\n"
        "12:48:22 trial 7f3a91c2_00003 runs on node-1: lr=0.5\n"
        "12:48:27 trial 7f3a91c2_00001 terminated after 1 iteration, accuracy=0.875, the best so far\n"
        "12:48:28 trial 7f3a91c2_00003 attempt 1 failed: exception: std::runtime_error: no\n"
        "12:48:29 trial 7f3a91c2_00003 error after 0 iterations: 1 failure, and none is allowed\n"
        "12:48:31 trial 7f3a91c2_00004 runs on node-2, attempt 2: lr=0.5\n"
        "12:48:33 trial 7f3a91c2_00002 stopped after 1 iteration, accuracy=0.75: rung 1: 0.75 is not among the best "
        "1/2 of 2 results\n"
        "12:48:34 experiment digits ended: finished\n"
        "12:48:35 experiment digits goes on: 4 trials so far, 2 results\n");
}

TEST_CASE("progress: that a trial gets other resources is told with the reason") {
  experiment_for_test experiment;
  experiment.run(1);
  const auto before = lines_of(experiment);
  experiment.resize(1, 1, 4, "1 trial has 4 places on 1 node: 4 instead of 1 times its resources");

  CHECK(lines_of(experiment) == before + "12:48:18 trial 7f3a91c2_00001 after 1 iteration: 1 trial has 4 places on 1 "
                                         "node: 4 instead of 1 times its resources\n");
}

TEST_CASE("progress: of very many trials, too, each end is told with its result") {
  experiment_for_test experiment;
  for (std::uint64_t trial = 1; trial <= 9; ++trial) {
    experiment.run(trial);
    experiment.report(trial, 1, {{"accuracy", -static_cast<double>(trial)}});
    experiment.finish(trial);
  }
  experiment.end();

  CHECK(lines_of(experiment, {/*keep_ended=*/1}) == lines_of(experiment));
  CHECK(lines_of(experiment).find("trial 7f3a91c2_00009 terminated after 1 iteration, accuracy=-9") !=
        std::string::npos);
}

TEST_CASE("progress: what the searcher chose is told where the experiment begins") {
  const record::experiment_begun begun{"7f3a91c2", "digits", R"({"searcher_chose":"tpe, as there are 2 objectives"})",
                                       1,          4,        {}};

  CHECK(progress_line(begun, view_of(some_experiment().records))
          .find("experiment digits begun, id 7f3a91c2, seed 1, searcher auto: tpe, as there are 2 objectives\n") !=
        std::string::npos);
}
