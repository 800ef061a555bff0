#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tune/scheduler/rung_levels.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

/// A result, and the pause that follows from it at once.
decision heard(scheduler& by, const scheduler_result& result) {
  auto decided = by.on_result(result);
  if (decided.what == verdict::pause)
    by.on_trial_paused(result.trial);
  return decided;
}

using lines = std::vector<std::string>;
using variant = asha_options::variant;
using levels = std::vector<iteration_number>;

constexpr auto nan_ = std::numeric_limits<double>::quiet_NaN();

asha_options one_rung(double eta, variant type = variant::stopping) {
  asha_options options;
  options.max_t = 2;
  options.reduction_factor = eta;
  options.type = type;
  return options;
}

std::unique_ptr<scheduler> made(const asha_options& options, direction better = direction::minimize) {
  REQUIRE(validate(options));
  return asha(options).make({1, better});
}

/// Trials 1, 2, ... report these losses at iteration 1: do they go on?
lines decisions(scheduler& by, const std::vector<double>& losses) {
  lines all;
  std::uint64_t trial = 0;
  for (const auto loss : losses) {
    by.on_trial_created(trial_id{++trial}, {});
    const auto decided = heard(by, {trial_id{trial}, 1, loss});
    all.push_back((decided.what == verdict::stop    ? "stop: "
                   : decided.what == verdict::pause ? "pause: "
                                                    : "go on: ") +
                  decided.reason);
  }
  return all;
}

} // namespace

TEST_CASE("asha: rungs are grace_period times powers of the reduction factor, below max_t") {
  const auto of = [](iteration_number max_t, iteration_number grace, double eta, int bracket = 0) {
    asha_options options;
    options.max_t = max_t;
    options.grace_period = grace;
    options.reduction_factor = eta;
    return rung_levels(options, bracket);
  };
  CHECK(of(81, 1, 3) == levels{1, 3, 9, 27}); // One at 81 would be the end.
  CHECK(of(82, 1, 3) == levels{1, 3, 9, 27, 81});
  CHECK(of(27, 1, 3) == levels{1, 3, 9});
  CHECK(of(100, 1, 4) == levels{1, 4, 16, 64});
  CHECK(of(100, 5, 2) == levels{5, 10, 20, 40, 80});
  CHECK(of(27, 1, 3, 1) == levels{3, 9});
  CHECK(of(27, 1, 3, 3) == levels{});
  CHECK(of(1, 1, 3) == levels{});
  CHECK(of(10, 1, 1.5) == levels{1, 2, 3, 4, 6, 8}); // 1, 1.5, 2.25, 3.375, 5.06, 7.59 rounded up, each once.
}

TEST_CASE("asha, stopping: each better than all before goes on") {
  const auto by = made(one_rung(2));

  CHECK(decisions(*by, {5, 4, 3, 2, 1}) ==
        lines{"go on: rung 1: 5 is among the best 1 of 1 result", "go on: rung 1: 4 is among the best 1 of 2 results",
              "go on: rung 1: 3 is among the best 1 of 3 results", "go on: rung 1: 2 is among the best 2 of 4 results",
              "go on: rung 1: 1 is among the best 2 of 5 results"});
}

TEST_CASE("asha, stopping: each worse than all before stops") {
  const auto by = made(one_rung(2));

  CHECK(decisions(*by, {1, 2, 3, 4, 5}) == lines{"go on: rung 1: 1 is among the best 1 of 1 result",
                                                 "stop: rung 1: 2 is not among the best 1 of 2 results",
                                                 "stop: rung 1: 3 is not among the best 1 of 3 results",
                                                 "stop: rung 1: 4 is not among the best 2 of 4 results",
                                                 "stop: rung 1: 5 is not among the best 2 of 5 results"});
}

TEST_CASE("asha, stopping: a mixed arrival") {
  const auto by = made(one_rung(2));

  CHECK(decisions(*by, {3, 1, 2, 4}) == lines{"go on: rung 1: 3 is among the best 1 of 1 result",
                                              "go on: rung 1: 1 is among the best 1 of 2 results",
                                              "stop: rung 1: 2 is not among the best 1 of 3 results",
                                              "stop: rung 1: 4 is not among the best 2 of 4 results"});
}

TEST_CASE("asha, stopping: reasons speak of the metric as the user reports it") {
  const auto by = made(one_rung(4), direction::maximize);

  CHECK(decisions(*by, {-0.8, -0.9, -0.95, -0.71}) == lines{"go on: rung 1: 0.8 is among the best 1 of 1 result",
                                                            "go on: rung 1: 0.9 is among the best 1 of 2 results",
                                                            "go on: rung 1: 0.95 is among the best 1 of 3 results",
                                                            "stop: rung 1: 0.71 is not among the best 1 of 4 results"});
}

TEST_CASE("asha, stopping: of a plateau the earlier are the better, or all go on") {
  auto options = one_rung(2);
  CHECK(decisions(*made(options), {7, 7, 7, 7}) ==
        lines{"go on: rung 1: 7 is among the best 1 of 1 result",
              "stop: rung 1: 7 is not among the best 1 of 2 results: an earlier one is equal",
              "stop: rung 1: 7 is not among the best 1 of 3 results: an earlier one is equal",
              "stop: rung 1: 7 is not among the best 2 of 4 results: an earlier one is equal"});

  options.strict_ties = false;
  for (const auto& each : decisions(*made(options), {7, 7, 7, 7, 7, 7}))
    CHECK(each.find("go on: ") == 0);
}

TEST_CASE("asha, stopping: NaN stops, and counts as worse than all") {
  const auto by = made(one_rung(2));

  CHECK(decisions(*by, {nan_, 1e300, nan_}) == lines{"stop: rung 1: the metric is not a number",
                                                     "go on: rung 1: 1e+300 is among the best 1 of 2 results",
                                                     "stop: rung 1: the metric is not a number"});
}

TEST_CASE("asha, stopping: the highest rung that was reached counts, once; between rungs nothing is said") {
  asha_options options;
  options.max_t = 27;
  const auto by = made(options);
  for (std::uint64_t t = 1; t <= 2; ++t)
    by->on_trial_created(trial_id{t}, {});

  CHECK(heard(*by, {trial_id{1}, 4, 1.0}).reason == "rung 3: 1 is among the best 1 of 1 result"); // Over rung 1.
  CHECK(heard(*by, {trial_id{1}, 5, 9.0}) == decision{});
  CHECK(heard(*by, {trial_id{1}, 4, 9.0}) == decision{}); // Once more.
  CHECK(heard(*by, {trial_id{1}, 9, 1.0}).reason == "rung 9: 1 is among the best 1 of 1 result");
  CHECK(heard(*by, {trial_id{2}, 1, 5.0}).reason == "rung 1: 5 is among the best 1 of 1 result");
  CHECK(heard(*by, {trial_id{2}, 3, 5.0}) == decision{verdict::stop, "rung 3: 5 is not among the best 1 of 2 results"});
}

TEST_CASE("asha, stopping: a trial ends at max_t, unless it may go on") {
  asha_options options;
  options.max_t = 3;
  const auto by = made(options);
  by->on_trial_created(trial_id{1}, {});
  static_cast<void>(heard(*by, {trial_id{1}, 1, 1.0}));
  CHECK(heard(*by, {trial_id{1}, 2, 1.0}) == decision{});
  CHECK(heard(*by, {trial_id{1}, 3, 1.0}) == decision{verdict::stop, "max_t: 3 iterations are done"});
  CHECK(by->max_iterations() == 3);

  options.stop_last = false;
  const auto endless = made(options);
  endless->on_trial_created(trial_id{1}, {});
  static_cast<void>(heard(*endless, {trial_id{1}, 1, 1.0}));
  CHECK(heard(*endless, {trial_id{1}, 3, 1.0}) == decision{});
  CHECK_FALSE(endless->max_iterations());
}

TEST_CASE("asha, stopping: a trial that has ended or never was is not heard, but its results stay") {
  const auto by = made(one_rung(2));
  by->on_trial_created(trial_id{1}, {});
  static_cast<void>(heard(*by, {trial_id{1}, 1, 1.0}));
  by->on_trial_end(trial_id{1}, trial_state::error);
  by->on_trial_end(trial_id{1}, trial_state::error);
  CHECK(heard(*by, {trial_id{1}, 1, 1.0}) == decision{});
  CHECK(heard(*by, {trial_id{9}, 1, 0.0}) == decision{});

  by->on_trial_created(trial_id{2}, {});
  CHECK(heard(*by, {trial_id{2}, 1, 2.0}).what == verdict::stop);
}

TEST_CASE("asha, promotion: all pause at the rung, and the best third goes on") {
  const auto by = made(one_rung(3, variant::promotion));
  CHECK(by->needs_checkpoints());

  CHECK(decisions(*by, {3, 1}) == lines{"pause: rung 1: 0 of 1 result may go on; 3 waits here",
                                        "pause: rung 1: 0 of 2 results may go on; 1 waits here"});
  CHECK_FALSE(by->choose_paused());

  by->on_trial_created(trial_id{3}, {});
  CHECK(heard(*by, {trial_id{3}, 1, 2.0}) ==
        decision{verdict::pause, "rung 1: 1 of 3 results may go on; 2 waits here"});
  const auto next = by->choose_paused();
  REQUIRE(next);
  CHECK(next->trial == trial_id{2});
  CHECK(next->reason == "rung 1: 1 of 3 results may go on; 1 goes on");
  CHECK_FALSE(by->choose_paused());

  CHECK(heard(*by, {trial_id{2}, 2, 0.5}) == decision{verdict::stop, "max_t: 2 iterations are done"});
  by->on_trial_end(trial_id{2}, trial_state::terminated);
  const auto ends = by->end_paused();
  REQUIRE(ends.size() == 2);
  CHECK(ends[0].trial == trial_id{1});
  CHECK(ends[0].reason == "rung 1: 1 of 3 results may go on; 3 is not among them");
}

TEST_CASE("asha, promotion: the highest rung first, then the best, then the earlier") {
  asha_options options;
  options.max_t = 8;
  options.reduction_factor = 2;
  options.type = variant::promotion;
  const auto by = made(options);
  static_cast<void>(decisions(*by, {4, 4, 3, 3}));

  CHECK(by->choose_paused()->trial == trial_id{3});
  CHECK(by->choose_paused()->trial == trial_id{4});
  CHECK_FALSE(by->choose_paused());
  CHECK(heard(*by, {trial_id{3}, 2, 2.0}).what == verdict::pause);
  CHECK(heard(*by, {trial_id{4}, 2, 1.0}).what == verdict::pause);
  by->on_trial_created(trial_id{5}, {});
  static_cast<void>(heard(*by, {trial_id{5}, 1, 0.0}));
  by->on_trial_created(trial_id{6}, {});
  static_cast<void>(heard(*by, {trial_id{6}, 1, 0.0}));

  CHECK(by->choose_paused()->trial == trial_id{4}); // Rung 2 before rung 1,
  CHECK(by->choose_paused()->trial == trial_id{5}); // and of equal ones the earlier.
  CHECK_FALSE(by->choose_paused());
}

TEST_CASE("asha, promotion: never more than the share go on, although better ones come later") {
  const auto by = made(one_rung(2, variant::promotion));
  static_cast<void>(decisions(*by, {5, 6}));
  CHECK(by->choose_paused()->trial == trial_id{1});

  by->on_trial_created(trial_id{3}, {});
  static_cast<void>(heard(*by, {trial_id{3}, 1, 4.0}));
  CHECK_FALSE(by->choose_paused()); // One of three: that was trial 1.

  by->on_trial_created(trial_id{4}, {});
  static_cast<void>(heard(*by, {trial_id{4}, 1, 7.0}));
  CHECK(by->choose_paused()->trial == trial_id{3});
}

TEST_CASE("asha, promotion: what has ended does not go on, but counts; NaN stops") {
  const auto by = made(one_rung(2, variant::promotion));
  static_cast<void>(decisions(*by, {1, 2, 3, 4}));
  by->on_trial_end(trial_id{1}, trial_state::stopped);

  CHECK(by->choose_paused()->trial == trial_id{2});
  CHECK_FALSE(by->choose_paused());

  by->on_trial_created(trial_id{5}, {});
  CHECK(heard(*by, {trial_id{5}, 1, nan_}) == decision{verdict::stop, "rung 1: the metric is not a number"});
  CHECK_FALSE(by->choose_paused());
}

TEST_CASE("asha, promotion: a trial that its user has go on is not brought back") {
  const auto by = made(one_rung(2, variant::promotion));
  static_cast<void>(decisions(*by, {1, 2}));
  CHECK(heard(*by, {trial_id{1}, 2, 1.0}).what == verdict::stop);

  CHECK_FALSE(by->choose_paused());
}

TEST_CASE("asha, promotion: a trial that its user holds is not chosen; another one is") {
  const auto by = made(one_rung(2, variant::promotion));
  static_cast<void>(decisions(*by, {1, 2, 3, 4}));
  by->on_trial_held(trial_id{1});

  CHECK(by->choose_paused()->trial == trial_id{2});
  CHECK_FALSE(by->choose_paused());
  by->on_trial_held(trial_id{9}); // It is not there.
}

TEST_CASE("asha, promotion, delayed: nobody goes on before max_t / level results have come to a rung") {
  asha_options options;
  options.max_t = 6; // Rungs 1, 2 and 4.
  options.reduction_factor = 2;
  options.type = variant::promotion;
  options.delayed = true;
  const auto by = made(options);

  const auto said = decisions(*by, {0.5, 0.4, 0.3, 0.2, 0.1});
  CHECK(said[0] == "pause: rung 1: nobody goes on before 6 results, of which 1 is there; 0.5 waits here");
  CHECK(said[4] == "pause: rung 1: nobody goes on before 6 results, of which 5 are there; 0.1 waits here");
  CHECK_FALSE(by->choose_paused());

  by->on_trial_created(trial_id{6}, {});
  CHECK(heard(*by, {trial_id{6}, 1, 0.6}).reason == "rung 1: 3 of 6 results may go on; 0.6 waits here");
  std::vector<trial_id> order;
  while (const auto next = by->choose_paused())
    order.push_back(next->trial);
  CHECK(order == std::vector<trial_id>{trial_id{5}, trial_id{4}, trial_id{3}});

  // At rung 2 three are needed, at rung 4 two.
  CHECK(heard(*by, {trial_id{5}, 2, 0.1}).what == verdict::pause);
  CHECK(heard(*by, {trial_id{4}, 2, 0.2}).what == verdict::pause);
  CHECK_FALSE(by->choose_paused());
  CHECK(heard(*by, {trial_id{3}, 2, 0.3}).what == verdict::pause);
  CHECK(by->choose_paused()->trial == trial_id{5});
  CHECK(heard(*by, {trial_id{5}, 4, 0.1}).what == verdict::pause);
  CHECK_FALSE(by->choose_paused()); // One is not enough, and of three one may go on.
}

TEST_CASE("asha, delayed: too few trials to begin with are told") {
  asha_options options;
  options.max_t = 81;
  options.grace_period = 2;
  options.type = variant::promotion;
  CHECK(made(options)->doubt_with(1).empty());

  options.delayed = true;
  CHECK(made(options)->doubt_with(41).empty());
  CHECK(
    made(options)->doubt_with(40) ==
    "40 trials are too few: nobody goes on from rung 2 before 41 have come there; have at least as many samples, or "
    "set delayed to false");
  options.grace_period = 81; // No rung.
  CHECK(made(options)->doubt_with(1).empty());
  CHECK(fifo().make({})->doubt_with(0).empty());
}

TEST_CASE("schedulers: shown as JSON and made again from it") {
  asha_options all;
  all.max_t = 27;
  all.grace_period = 2;
  all.reduction_factor = 2.5;
  all.brackets = 2;
  all.type = variant::promotion;
  all.stop_last = false;
  all.strict_ties = false;
  all.delayed = true;
  CHECK(to_json(asha(all)) == R"({"name":"asha","max_t":27,"grace_period":2,"reduction_factor":2.5,"brackets":2,)"
                              R"("type":"promotion","stop_last":false,"strict_ties":false,"delayed":true})");
  CHECK(to_json(asha({27, 1, 3})) == R"({"name":"asha","max_t":27})");
  CHECK(to_json(fifo()) == R"({"name":"fifo"})");
  for (const auto& which : {asha(all), asha(), fifo()})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  const auto trial = or_throw(scheduler_from_json("\"fifo\"")).make({});
  trial->on_trial_created(trial_id{1}, {});
  CHECK(heard(*trial, {trial_id{1}, 1'000'000, nan_}) == decision{});
}

TEST_CASE("schedulers: options out of their range are all named, and so are names that there are not") {
  asha_options wrong;
  wrong.max_t = 0;
  wrong.grace_period = 0;
  wrong.reduction_factor = 1;
  wrong.brackets = 0;
  CHECK(asha(wrong).mistakes() ==
        lines{"scheduler: grace_period is 0, but must be at least 1",
              "scheduler: max_t is 0, but must be from 1 to 1000000000000",
              "scheduler: reduction_factor is 1, but must be more than 1, from 1.01 to 1e6; use for example 3",
              "scheduler: brackets is 0, but must be at least 1"});
  CHECK(asha().mistakes().empty());
  CHECK(validate(asha_options{27, 1, 3}));
  CHECK(validate(asha_options{5, 10, 3}).error().message ==
        "asha: max_t is 5, but must be at least grace_period, which is 10");
  CHECK(validate(asha_options{27, 1, 3, 5}).error().message ==
        "asha: brackets is 5, but there is room for at most 4 between grace_period and max_t");
  CHECK(validate(asha_options{27, 1, nan_}).error().message ==
        "asha: reduction_factor is nan, but must be more than 1, from 1.01 to 1e6; use for example 3");

  const auto why = [](const auto& r) { return r ? std::string("fine") : r.error().message; };
  CHECK(why(scheduler_named("ahsa")) == R"(scheduler: there is no "ahsa"; did you mean "asha"?)");
  CHECK(why(scheduler_named("asha", R"({"max_t": "x", "type": "both", "eta": 3})")) ==
        "scheduler asha: max_t is \"x\", but must be an integer\n"
        "scheduler asha: type is \"both\", but must be \"stopping\" or \"promotion\"\n"
        "scheduler asha: it has no option \"eta\"; there is \"max_t\", \"grace_period\", \"reduction_factor\", "
        "\"brackets\", \"type\", \"stop_last\", \"strict_ties\", \"delayed\"");
  CHECK(why(scheduler_named("asha", R"({"delayed": true})")) ==
        "scheduler asha: delayed is true, but that is for type = promotion");
  CHECK(why(scheduler_named("asha", R"({"max_t": 0})")) ==
        "scheduler asha: max_t is 0, but must be from 1 to 1000000000000");
  CHECK(why(scheduler_named("fifo", R"({"max_t": 1})")) == "scheduler fifo: it has no option \"max_t\"; there is none");
}

TEST_CASE("asha promotion: a trial that is still saving is not chosen") {
  const auto by =
    asha({/*max_t=*/9, /*grace_period=*/1, /*reduction_factor=*/2, /*brackets=*/1, asha_options::variant::promotion})
      .make({});
  by->on_trial_created(trial_id{1}, {});
  by->on_trial_created(trial_id{2}, {});
  CHECK(by->on_result({trial_id{1}, 1, 1.0}).what == verdict::pause);
  CHECK(by->on_result({trial_id{2}, 1, 2.0}).what == verdict::pause);
  CHECK_FALSE(by->choose_paused());

  by->on_trial_paused(trial_id{2});
  CHECK_FALSE(by->choose_paused()); // It has paused, but is not among the best.
  by->on_trial_paused(trial_id{1});
  CHECK(by->choose_paused()->trial == trial_id{1});
}
