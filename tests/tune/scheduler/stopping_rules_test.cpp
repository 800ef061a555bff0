#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

/// median_stopping, threshold and patient: they judge a trial by itself or by what others reached, without rungs.
using namespace tune;

namespace {

constexpr auto nan_ = std::numeric_limits<double>::quiet_NaN();
constexpr auto infinite = std::numeric_limits<double>::infinity();
constexpr auto never = std::numeric_limits<iteration_number>::max();

std::unique_ptr<scheduler> made(const scheduler_choice& which, direction better = direction::minimize) {
  REQUIRE(which.mistakes().empty());
  return which.make({1, better});
}

/// What is said of the losses of a trial at iterations 1, 2, ...; the first that is not "go on" ends it.
std::string life(scheduler& by, std::uint64_t trial, const std::vector<double>& losses) {
  by.on_trial_created(trial_id{trial}, {});
  iteration_number iteration = 0;
  for (const double loss : losses) {
    const auto said = by.on_result({trial_id{trial}, ++iteration, loss});
    if (said.what == verdict::go_on)
      continue;
    by.on_trial_end(trial_id{trial}, trial_state::stopped);
    return said.reason;
  }
  by.on_trial_end(trial_id{trial}, trial_state::terminated);
  return "finished";
}

double any_loss(runtime::random_stream& random) {
  switch (random.below(20)) {
  case 0: return nan_;
  case 1: return infinite;
  case 2: return -infinite;
  default: return static_cast<double>(random.below(10));
  }
}

std::string why(const result<scheduler_choice>& made) {
  return made ? "fine" : made.error().message;
}

} // namespace

TEST_CASE("median stopping: the best so far is compared with the median of the others' means up to there") {
  const auto by = made(median_stopping());
  CHECK(life(*by, 1, {2, 4}) == "finished"); // Means 2, 3.
  CHECK(life(*by, 2, {4, 6}) == "finished"); // 4, 5.
  CHECK(life(*by, 3, {6, 8}) == "finished"); // 6, 7. Of so few others nobody was stopped.

  CHECK(life(*by, 4, {4, 9}) == "finished"); // The median at 1 is 4, at 2 it is 5, and its best was 4.
  CHECK(life(*by, 5, {5}) ==                 // At 1 it is that of 2, 4, 4 and 6.
        "iteration 1: the best so far, 5, is worse than the median of the means of 4 others, 4");
}

TEST_CASE("median stopping: a trial stops, and says why, in the metric's own sign") {
  const auto by = made(median_stopping(), direction::maximize);
  for (const double mean : {1, 2, 3})
    CHECK(life(*by, static_cast<std::uint64_t>(mean), {-mean}) == "finished");

  CHECK(life(*by, 4, {-1.5}) ==
        "iteration 1: the best so far, 1.5, is worse than the median of the means of 3 others, 2");
}

TEST_CASE("median stopping: results before grace_period count for nobody's mean") {
  median_stopping_options options;
  options.grace_period = 2;
  options.min_samples = 1;
  const auto by = made(median_stopping(options));
  CHECK(by->next_judged(trial_id{1}, 0) == 2);
  CHECK(by->next_judged(trial_id{1}, 5) == 6);
  CHECK(life(*by, 1, {100, 1}) == "finished");

  CHECK(life(*by, 2, {50, 3}) ==
        "iteration 2: the best so far, 3, is worse than the median of the means of 1 others, 1");
  CHECK(life(*by, 3, {0.5, 3}) == "finished"); // Its own best counts from the first.
}

TEST_CASE("median stopping: what is no finite number is left out, and a trial without another is the worst") {
  const auto by = made(median_stopping());
  CHECK(life(*by, 1, {nan_, 1}) == "finished");
  CHECK(life(*by, 2, {infinite, 1}) == "finished");
  CHECK(life(*by, 3, {-infinite, 1}) == "finished");
  CHECK(life(*by, 4, {nan_, nan_}) ==
        "iteration 2: a metric that was never a finite number is worse than the median of the means of 3 others, 1");
  const auto all_bad = made(median_stopping());
  for (std::uint64_t trial = 1; trial <= 9; ++trial)
    CHECK(life(*all_bad, trial, {nan_, nan_}) == "finished"); // None is worse than another.
}

TEST_CASE("median stopping: equal results stop nobody, and unknown or ended trials change nothing") {
  const auto by = made(median_stopping());
  for (std::uint64_t trial = 1; trial <= 9; ++trial)
    CHECK(life(*by, trial, {1, 1, 1}) == "finished");
  CHECK(by->on_result({trial_id{77}, 1, 5}).what == verdict::go_on);
  CHECK(by->on_result({trial_id{1}, 4, 5}).what == verdict::go_on);
  by->on_trial_end(trial_id{1}, trial_state::terminated);
  CHECK_FALSE(life(*by, 10, {2}) == "finished");
}

TEST_CASE("median stopping: the best of all trials is never stopped, and a replay decides the same (I6)") {
  for_each_seed(50, [](seed s) {
    runtime::random_stream random(s);
    const auto by = made(median_stopping());
    const auto again = made(median_stopping());
    double best = infinite;
    for (std::uint64_t trial = 1; trial <= 40; ++trial) {
      by->on_trial_created(trial_id{trial}, {});
      again->on_trial_created(trial_id{trial}, {});
      for (iteration_number i = 1; i <= 8; ++i) {
        const double loss = any_loss(random);
        if (std::isfinite(loss))
          best = std::min(best, loss);
        const auto said = by->on_result({trial_id{trial}, i, loss});
        REQUIRE(again->on_result({trial_id{trial}, i, loss}) == said);
        if (loss == best)
          REQUIRE(said.what == verdict::go_on);
        if (said.what == verdict::stop)
          break;
      }
      by->on_trial_end(trial_id{trial}, trial_state::stopped);
      again->on_trial_end(trial_id{trial}, trial_state::stopped);
    }
  });
}

TEST_CASE("median stopping: it remembers the newest thousand trials that ended, and no more") {
  const auto by = made(median_stopping());
  std::uint64_t trial = 0;
  for (int i = 0; i < 1'200; ++i)
    CHECK(life(*by, ++trial, {1}) == "finished");
  CHECK(life(*by, ++trial, {2}) ==
        "iteration 1: the best so far, 2, is worse than the median of the means of 1000 others, 1");
}

TEST_CASE("threshold: a metric that leaves its range stops the trial, at the bound it does not") {
  threshold_options options;
  options.lower = 0.5;
  options.upper = 2;
  for (const auto better : {direction::minimize, direction::maximize}) {
    const double sign = better == direction::minimize ? 1 : -1;
    const auto by = made(threshold(options), better);
    CHECK(life(*by, 1, {sign * 0.5, sign * 2}) == "finished");
    CHECK(life(*by, 2, {sign * 1, sign * 0.25}) == "iteration 2: 0.25 is below 0.5");
    CHECK(life(*by, 3, {sign * 3}) == "iteration 1: 3 is above 2");
    CHECK(life(*by, 4, {nan_}) == "iteration 1: the metric is not a number");
    CHECK(life(*by, 5, {sign * infinite}) == "iteration 1: inf is above 2");
  }
}

TEST_CASE("threshold: nothing counts before grace_period; without bounds only what is no number stops") {
  threshold_options options;
  options.upper = 1;
  options.grace_period = 3;
  const auto by = made(threshold(options));
  CHECK(by->next_judged(trial_id{1}, 0) == 3);
  CHECK(life(*by, 1, {9, nan_, 1}) == "finished");
  CHECK(life(*by, 2, {0, 0, 9}) == "iteration 3: 9 is above 1");
  CHECK(life(*made(threshold()), 1, {infinite, -infinite}) == "finished");
}

TEST_CASE("patient: a trial stops whose last patience + 1 results are all worse than the best before them") {
  patient_options options;
  options.patience = 1;
  const auto by = made(patient(options));
  CHECK(life(*by, 1, {5, 4, 3, 2}) == "finished");
  CHECK(life(*by, 2, {5, 3, 4, 3.5}) ==
        "iteration 4: the best of the last 2 results, 3.5, is worse than 3 before them");
  CHECK(life(*by, 3, {3, 3, 3, 3, 3}) == "finished"); // Not worse.
  CHECK(life(*by, 4, {3, nan_, nan_}) ==
        "iteration 3: the best of the last 2 results, inf, is worse than 3 before them");
  CHECK(life(*by, 5, {nan_, nan_, nan_, nan_}) == "finished");
  CHECK(life(*by, 6, {-infinite, 1, 2}) ==
        "iteration 3: the best of the last 2 results, 1, is worse than -inf before them");
}

TEST_CASE("patient: what is lost by at most min_delta is forgiven; without patience the newest result decides") {
  patient_options options;
  options.patience = 0;
  options.min_delta = 0.5;
  const auto by = made(patient(options), direction::maximize);
  CHECK(life(*by, 1, {-2, -1.5}) == "finished");
  CHECK(life(*by, 2, {-2, -1.25}) == "iteration 2: the best of the last 1 results, 1.25, is worse than 2 before them");
}

TEST_CASE("patient: with a scheduler inside only what both would stop is stopped, with both reasons") {
  threshold_options bound;
  bound.upper = 2;
  patient_options options;
  options.patience = 0;
  options.scheduler = threshold(bound);
  const auto by = made(patient(options));
  CHECK(life(*by, 1, {9, 8, 7}) == "finished"); // Bad, but better each time.
  CHECK(life(*by, 2, {1, 1.5}) == "finished");  // Worse, but good.
  CHECK(life(*by, 3, {1, 3}) ==
        "iteration 2: 3 is above 2; the best of the last 1 results, 3, is worse than 1 before them");
}

TEST_CASE("patient: who has done all iterations ends, however patient one is") {
  patient_options options;
  options.patience = 50;
  asha_options rungs;
  rungs.max_t = 4;
  options.scheduler = asha(rungs);
  const auto by = made(patient(options));
  CHECK(by->max_iterations() == 4);
  CHECK(life(*by, 1, {4, 3, 2, 1, 0}) == "max_t: 4 iterations are done");
}

TEST_CASE("patient: it decides as a model that looks at the whole history, and never before it says it may") {
  for_each_seed(100, [](seed s) {
    runtime::random_stream random(s);
    patient_options options;
    options.patience = static_cast<iteration_number>(random.below(5));
    options.min_delta = static_cast<double>(random.below(3));
    const auto by = made(patient(options));
    by->on_trial_created(trial_id{1}, {});
    std::vector<double> losses;
    iteration_number iteration = 0;
    auto judged = by->next_judged(trial_id{1}, 0);
    for (int i = 0; i < 30; ++i) {
      iteration += 1 + static_cast<iteration_number>(random.below(2));
      const double loss = any_loss(random);
      losses.push_back(std::isnan(loss) ? infinite : loss);
      const auto said = by->on_result({trial_id{1}, iteration, loss});
      const auto span = static_cast<std::ptrdiff_t>(options.patience) + 1;
      bool must_stop = false;
      if (static_cast<std::ptrdiff_t>(losses.size()) > span)
        must_stop = *std::min_element(losses.begin(), losses.end() - span) + options.min_delta <
                    *std::min_element(losses.end() - span, losses.end());
      REQUIRE((said.what == verdict::stop) == must_stop);
      if (said.what == verdict::stop)
        REQUIRE(iteration >= judged);
      judged = by->next_judged(trial_id{1}, iteration);
      REQUIRE(judged > iteration);
    }
  });
}

TEST_CASE("stopping rules: shown as JSON and made again from it") {
  patient_options waits;
  waits.patience = 3;
  waits.min_delta = 0.5;
  waits.scheduler = median_stopping({2, 5});
  threshold_options bounds;
  bounds.lower = 0.25;
  for (const auto& which :
       {median_stopping(), median_stopping({2, 5}), threshold(), threshold(bounds), patient(), patient(waits)})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(patient(waits)) == R"({"name":"patient","patience":3,"min_delta":0.5,)"
                                   R"("scheduler":{"name":"median_stopping","grace_period":2,"min_samples":5}})");
  CHECK(or_throw(scheduler_named("patient", R"({"scheduler": "asha"})")).options() ==
        R"({"scheduler":{"name":"asha"}})");
}

TEST_CASE("stopping rules: every option that is wrong is told") {
  CHECK(why(scheduler_named("median_stopping", R"({"grace_period": 0, "min_samples": 0})")) ==
        "scheduler median_stopping: grace_period is 0, but must be at least 1\n"
        "scheduler median_stopping: min_samples is 0, but must be at least 1");
  CHECK(why(scheduler_named("threshold", R"({"lower": 2, "upper": 1})")) ==
        "scheduler threshold: upper is 1, but must be at least lower, which is 2");
  CHECK(why(scheduler_named("patient", R"({"patience": -1, "min_delta": -2})")) ==
        "scheduler patient: patience is -1, but must be from 0 to 1000000\n"
        "scheduler patient: min_delta is -2, but must be 0 or more");
  CHECK(why(scheduler_named("patient", R"({"scheduler": {"name": "asha", "type": "promotion"}})")) ==
        "scheduler patient: its scheduler asha pauses trials, but must only stop them");
  CHECK(why(scheduler_named("patient", R"({"scheduler": "ashaa"})")) ==
        R"(scheduler patient: its scheduler: there is no "ashaa"; did you mean "asha"?)");
  threshold_options nan_bound;
  nan_bound.lower = nan_;
  CHECK(validate(nan_bound).error().message == "threshold: lower is nan, but must be a finite number");
  CHECK(made(threshold())->next_judged(trial_id{1}, 0) < never);
}
