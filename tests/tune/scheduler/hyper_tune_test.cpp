#include "tune/scheduler/hyper_tune_scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"

using namespace tune;

namespace {

using levels = std::vector<iteration_number>;
using shares = std::vector<double>;

const auto line = std::make_shared<const search_space>(search_space{{"x", uniform(0, 1)}});

hyper_tune_options options_of(iteration_number max_t, bool delayed = false) {
  hyper_tune_options options;
  options.max_t = max_t;
  options.delayed = delayed;
  return options;
}

std::unique_ptr<scheduler> made(const hyper_tune_options& options, seed s) {
  return hyper_tune(options).make({s, direction::minimize, line});
}

config at(double x) {
  config values;
  values.set("x", x);
  return values;
}

bool are_near(const shares& found, const shares& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](double a, double b) { return std::abs(a - b) < 1e-9; });
}

/// Whether a new trial would wait at the first rung first: how often, of so many.
double share_at_first_rung(scheduler& by, std::uint64_t first = 100'000) {
  int all = 0;
  for (std::uint64_t t = first; t < first + 1'000; ++t) {
    by.on_trial_created(trial_id{t}, at(0.5));
    all += by.next_judged(trial_id{t}, 0) == 1 ? 1 : 0;
    by.on_trial_end(trial_id{t}, trial_state::stopped);
  }
  return all / 1'000.0;
}

/// So many trials, each to its end, whatever it is told: what they lose after each iteration is told of (x, iteration).
void train(scheduler& by, std::uint64_t trials, iteration_number max_t,
           const std::function<double(double, iteration_number)>& loss) {
  for (std::uint64_t t = 1; t <= trials; ++t) {
    const double x = std::fmod(static_cast<double>(t) * 0.618034, 1.0);
    by.on_trial_created(trial_id{t}, at(x));
    for (iteration_number i = 1; i <= max_t; ++i)
      static_cast<void>(by.on_result({trial_id{t}, i, loss(x, i)}));
    by.on_trial_end(trial_id{t}, trial_state::terminated);
  }
}

} // namespace

TEST_CASE("hyper_tune: before anything is known trials are divided as Hyperband's brackets") {
  const double all = 1.0 / 3 + 1.0 / 6 + 1.0 / 9; // 1 / ((3 - s) 3^s)
  CHECK(are_near(shares_of_levels({1, 3, 9}, 3, {}), {1.0 / 3 / all, 1.0 / 6 / all, 1.0 / 9 / all}));
  CHECK(are_near(shares_of_levels({81}, 3, {}), {1}));
}

TEST_CASE("hyper_tune: then by how far a rung is believed, over what it costs") {
  // 0.6 / 1 and 0.4 / 3 and 0: 18 to 4.
  CHECK(are_near(shares_of_levels({1, 3, 9}, 3, {0.6, 0.4, 0}), {18.0 / 22, 4.0 / 22, 0}));
  CHECK(are_near(shares_of_levels({1, 3, 9}, 3, {0, 0, 1}), {0, 0, 1}));
}

TEST_CASE("hyper_tune: levels of which nothing is known keep their share") {
  const double all = 1.0 / 3 + 1.0 / 6 + 1.0 / 9;
  const double head = (1.0 / 3 + 1.0 / 6) / all;
  CHECK(are_near(shares_of_levels({1, 3, 9}, 3, {0.25, 0.75}), {head / 2, head / 2, 1.0 / 9 / all}));
}

TEST_CASE("hyper_tune: a trial waits for the first time at the rung that was drawn for it, and all share the rungs") {
  const auto by = made(options_of(9), 3); // Rungs 1 and 3.
  std::map<iteration_number, std::vector<std::uint64_t>> begin;
  for (std::uint64_t t = 1; t <= 300; ++t) {
    by->on_trial_created(trial_id{t}, at(0.5));
    begin[by->next_judged(trial_id{t}, 0)].push_back(t);
  }
  CHECK(begin.size() == 3);
  CHECK(static_cast<double>(begin[1].size()) / 300 == doctest::Approx(6.0 / 11).epsilon(0.15));
  CHECK(static_cast<double>(begin[3].size()) / 300 == doctest::Approx(3.0 / 11).epsilon(0.2));
  CHECK(static_cast<double>(begin[9].size()) / 300 == doctest::Approx(2.0 / 11).epsilon(0.25));

  // Two that begin at rung 3 and one that comes from rung 1 are compared there.
  for (int i = 0; i < 3; ++i) {
    const trial_id trial{begin[1][static_cast<std::size_t>(i)]};
    CHECK(by->on_result({trial, 1, 1.0 + i}).what == verdict::pause);
    by->on_trial_paused(trial);
  }
  const auto chosen = by->choose_paused();
  REQUIRE(chosen);
  CHECK(chosen->trial == trial_id{begin[1][0]});
  CHECK(by->on_result({chosen->trial, 3, 0.5}).what == verdict::pause);
  for (int i = 0; i < 2; ++i)
    CHECK(by->on_result({trial_id{begin[3][static_cast<std::size_t>(i)]}, 3, 7.0 + i}).what == verdict::pause);
  by->on_trial_paused(chosen->trial);
  const auto best = by->choose_paused();
  REQUIRE(best);
  CHECK(best->trial == chosen->trial);
  CHECK(best->reason == "rung 3: 1 of 3 results may go on; 0.5 goes on");
  CHECK(by->on_result({trial_id{begin[9][0]}, 3, 9.0}).what == verdict::go_on);
  CHECK(by->on_result({trial_id{begin[9][0]}, 9, 9.0}).what == verdict::stop);
}

TEST_CASE(
  "hyper_tune: where early results order trials rightly more begin at the first rung, where they mislead none") {
  for_each_seed(3, [](seed s) {
    const auto honest = made(options_of(9), s);
    CHECK(share_at_first_rung(*honest) == doctest::Approx(6.0 / 11).epsilon(0.12));
    train(*honest, 40, 9, [](double x, iteration_number i) { return std::abs(x - 0.3) + 1 / static_cast<double>(i); });
    CHECK(share_at_first_rung(*honest) > 0.8);

    const auto misleading = made(options_of(9), s);
    train(*misleading, 40, 9,
          [](double x, iteration_number i) { return i < 3 ? -std::abs(x - 0.3) : std::abs(x - 0.3); });
    CHECK(share_at_first_rung(*misleading) == 0);
  });
}

TEST_CASE("hyper_tune: fewer than six results say nothing, nor do such as are no numbers, or trials without values") {
  const auto one_over_i = [](double, iteration_number i) { return 1 / static_cast<double>(i); };
  const auto few = made(options_of(9), 1);
  train(*few, 5, 9, one_over_i);
  CHECK(share_at_first_rung(*few) == doctest::Approx(6.0 / 11).epsilon(0.12));

  const auto none = made(options_of(9), 1);
  train(*none, 30, 9, [](double, iteration_number i) {
    return i < 3 ? 1.0 : i == 3 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  });
  CHECK(share_at_first_rung(*none) == doctest::Approx(6.0 / 11).epsilon(0.12));

  const auto spaceless = hyper_tune(options_of(9)).make({1, direction::minimize});
  train(*spaceless, 30, 9, one_over_i);
  CHECK(share_at_first_rung(*spaceless) == doctest::Approx(6.0 / 11).epsilon(0.12));
}

TEST_CASE("hyper_tune: all equal, the first rung is as good as any, as it costs least") {
  const auto by = made(options_of(9), 1);
  train(*by, 30, 9, [](double, iteration_number) { return 0.693; });
  CHECK(share_at_first_rung(*by) == 1);
}

TEST_CASE("hyper_tune: NaN stops, and unknown trials change nothing") {
  const auto by = made(options_of(9), 1);
  CHECK(by->on_result({trial_id{99}, 1, 0.0}) == decision{});
  std::uint64_t first = 1;
  for (;; ++first) {
    by->on_trial_created(trial_id{first}, at(0.5));
    if (by->next_judged(trial_id{first}, 0) == 1)
      break;
  }
  CHECK(by->on_result({trial_id{first}, 1, std::numeric_limits<double>::quiet_NaN()}).what == verdict::stop);
}

TEST_CASE("hyper_tune: the same events give the same decisions, word for word (I6)") {
  for_each_seed(5, [](seed s) {
    runtime::random_stream random(s);
    std::vector<std::function<std::string(scheduler&)>> events;
    std::vector<std::string> answers;
    const auto first = made(options_of(27, random.chance(0.5)), s);
    const auto options = options_of(27, first->doubt_with(1).empty() ? false : true);
    const auto say = [&](std::function<std::string(scheduler&)> event) {
      answers.push_back(event(*first));
      events.push_back(std::move(event));
      return answers.back();
    };
    std::map<std::uint64_t, iteration_number> running;
    std::map<std::uint64_t, iteration_number> paused;
    std::uint64_t created = 0;
    for (int step = 0; step < 3'000 && (created < 200 || !running.empty()); ++step) {
      if (running.size() < 4) {
        const auto next = say([](scheduler& by) {
          const auto found = by.choose_paused();
          return found ? std::to_string(found->trial.value) + " " + found->reason : "";
        });
        if (!next.empty()) {
          const auto trial = std::stoull(next);
          running[trial] = paused.at(trial);
        } else if (created < 200) {
          const trial_id trial{++created};
          const auto values = at(random.unit());
          running[created] = 0;
          say([=](scheduler& by) {
            by.on_trial_created(trial, values);
            return std::to_string(by.next_judged(trial, 0));
          });
        }
        continue;
      }
      auto which = running.begin();
      std::advance(which, random.below(running.size()));
      const trial_id trial{which->first};
      const auto iteration = ++which->second;
      const double loss = random.chance(0.05) ? std::nan("") : random.unit() / static_cast<double>(iteration);
      const auto answer = say([=](scheduler& by) {
        const auto decided = by.on_result({trial, iteration, loss});
        if (decided.what == verdict::pause)
          by.on_trial_paused(trial);
        return std::to_string(static_cast<int>(decided.what)) + decided.reason;
      });
      if (answer[0] == '0')
        continue;
      if (answer[0] == '1')
        paused[trial.value] = iteration;
      else
        say([=](scheduler& by) {
          by.on_trial_end(trial, trial_state::stopped);
          return std::string();
        });
      running.erase(which);
    }
    REQUIRE(created == 200);

    const auto again = made(options, s);
    for (std::size_t i = 0; i < events.size(); ++i)
      REQUIRE(events[i](*again) == answers[i]);
  });
}

TEST_CASE("hyper_tune: it pauses trials, ends them at max_t, and says when there are too few of them") {
  const auto by = made({}, 1);
  CHECK(by->needs_checkpoints());
  CHECK(by->max_iterations() == 81);
  CHECK(by->doubt_with(81).empty());
  CHECK(
    by->doubt_with(80) ==
    "80 trials are too few: nobody goes on from rung 1 before 81 have come there; have at least as many samples, or "
    "set delayed to false");
  CHECK(made(options_of(81), 1)->doubt_with(1).empty());
}

TEST_CASE("hyper_tune: shown as JSON and made again, and every option that is wrong is told") {
  hyper_tune_options all;
  all.max_t = 27;
  all.grace_period = 2;
  all.reduction_factor = 4;
  all.delayed = false;
  CHECK(to_json(hyper_tune(all)) ==
        R"({"name":"hyper_tune","max_t":27,"grace_period":2,"reduction_factor":4.0,"delayed":false})");
  for (const auto& which : {hyper_tune(all), hyper_tune()})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));

  hyper_tune_options wrong;
  wrong.max_t = 0;
  wrong.grace_period = 0;
  wrong.reduction_factor = 1;
  CHECK(hyper_tune(wrong).mistakes() ==
        std::vector<std::string>{"scheduler: grace_period is 0, but must be at least 1",
                                 "scheduler: max_t is 0, but must be from 1 to 1000000000000",
                                 "scheduler: reduction_factor is 1, but must be from 1.5 to 1e6; use for example 3"});
  CHECK(validate(wrong).error().message.find("hyper_tune: grace_period is 0") == 0);
  CHECK(validate(hyper_tune_options()));
  CHECK(scheduler_named("hyper_tune", R"({"max_t": 5, "grace_period": 9})").error().message ==
        "scheduler hyper_tune: max_t is 5, but must be at least grace_period, which is 9");
}
