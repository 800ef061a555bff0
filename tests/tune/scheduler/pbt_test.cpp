#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"

using namespace tune;
using variant = pbt_options::variant;

namespace {

const double no_number = std::nan("");
const double infinity = std::numeric_limits<double>::infinity();

pbt_options each(iteration_number interval, double fraction = 0.25) {
  pbt_options options;
  options.perturbation_interval = interval;
  options.quantile_fraction = fraction;
  return options;
}

pbt_options together(iteration_number interval, double fraction = 0.25) {
  auto options = each(interval, fraction);
  options.type = variant::synchronous;
  return options;
}

std::unique_ptr<scheduler> made(const pbt_options& options, std::uint64_t s = 1) {
  return pbt(options).make(
    {s, direction::minimize, std::make_shared<const search_space>(search_space{{"x", uniform(0, 1'000'000)}})});
}

/// Trials 1, 2, ... with x = 1000, 2000, ...
void create(scheduler& by, std::uint64_t trials) {
  for (std::uint64_t t = 1; t <= trials; ++t)
    by.on_trial_created(trial_id{t}, {{"x", 1000.0 * static_cast<double>(t)}});
}

decision result_of(scheduler& by, std::uint64_t trial, iteration_number iteration, double loss) {
  return by.on_result({trial_id{trial}, iteration, loss});
}

/// Who pauses, of trials with these losses that report in this order.
std::vector<std::uint64_t> paused_of(scheduler& by, const std::vector<double>& losses, iteration_number iteration) {
  std::vector<std::uint64_t> paused;
  for (std::uint64_t t = 1; t <= losses.size(); ++t)
    if (result_of(by, t, iteration, losses[t - 1]).what == verdict::pause)
      paused.push_back(t);
  return paused;
}

/// As a controller does it: the next that goes on, and from whom; 0: as it was.
std::pair<std::uint64_t, std::uint64_t> next_of(scheduler& by) {
  const auto next = by.choose_paused();
  REQUIRE(next);
  if (next->with)
    by.on_exploited(next->trial, *next->with);
  return {next->trial.value, next->with ? next->with->donor.value : 0};
}

using pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

pairs all_of(scheduler& by) {
  pairs all;
  while (const auto next = by.choose_paused()) {
    if (next->with)
      by.on_exploited(next->trial, *next->with);
    all.emplace_back(next->trial.value, next->with ? next->with->donor.value : 0);
  }
  return all;
}

/// Has n trials arrive, the best first, and asks how many of the last ones would change.
std::size_t quantile(std::size_t n, double fraction) {
  const auto by = made(together(1, fraction));
  create(*by, n);
  for (std::uint64_t t = 1; t <= n; ++t)
    (void)result_of(*by, t, 1, static_cast<double>(t));
  for (std::uint64_t t = 1; t <= n; ++t)
    by->on_trial_paused(trial_id{t});
  std::size_t changed = 0;
  for (const auto& [trial, donor] : all_of(*by)) {
    changed += donor != 0;
    if (donor != 0)
      CHECK(donor < trial);
  }
  return changed;
}

} // namespace

TEST_CASE("pbt: so many of n trials are the worst, and at most half") {
  const std::array<std::size_t, 8> quarter = {1, 1, 1, 2, 2, 2, 2, 3}; // 2 to 9; algorithms' page 21.10.
  for (std::size_t n = 2; n <= 9; ++n)
    CHECK(quantile(n, 0.25) == quarter[n - 2]);
  CHECK(quantile(3, 0.5) == 1);
  CHECK(quantile(4, 0.5) == 2);
  CHECK(quantile(30, 0.1) == 3); // 0.1 * 30 is a little more than 3.
  CHECK(quantile(1, 0.25) == 0);
  CHECK(quantile(8, 0) == 0);
}

TEST_CASE("pbt: a trial is judged after each interval against what is known of the others") {
  const auto by = made(each(5));
  create(*by, 4);
  CHECK(by->needs_checkpoints());
  CHECK(by->saves_every() == 5);
  CHECK(by->next_judged(trial_id{1}, 0) == 5);
  CHECK(result_of(*by, 1, 4, 1) == decision{});
  CHECK(result_of(*by, 1, 5, 1) == decision{verdict::yield, "iteration 5: there is no other to compare with"});
  CHECK(by->next_judged(trial_id{1}, 5) == 10);
  CHECK(result_of(*by, 1, 6, 9) == decision{}); // Between two judgements nothing counts.
  CHECK(result_of(*by, 2, 5, 2) == decision{verdict::pause, "iteration 5: 2 is among the worst 1 of 2"});
  CHECK(result_of(*by, 3, 5, 1.5) ==
        decision{verdict::yield, "iteration 5: 1.5 is between the best and the worst 1 of 3"});
  CHECK(result_of(*by, 4, 5, 0.5) == decision{verdict::yield, "iteration 5: 0.5 is among the best 1 of 4"});
}

TEST_CASE("pbt: one of the worst goes on from one of the best, with values near to that one's, and it says so") {
  auto options = each(5);
  options.resample_probability = 0;
  options.perturbation_factors = {1.5};
  const auto by = made(options);
  create(*by, 4);
  CHECK(paused_of(*by, {1, 2, 3, 4}, 5) == std::vector<std::uint64_t>{2, 3, 4}); // Each was the worst when it came.
  CHECK_FALSE(by->choose_paused());                                              // Their attempts still save.
  by->on_trial_paused(trial_id{4});
  const auto next = by->choose_paused();
  REQUIRE(next);
  CHECK(next->trial == trial_id{4});
  CHECK(next->reason == "4 at iteration 5 is among the worst: it goes on from trial 1, which has 1 at iteration 5, "
                        "with x=1500.0 instead of 1000.0");
  REQUIRE(next->with);
  CHECK(next->with->donor == trial_id{1});
  CHECK(next->with->values == config{{"x", 1500.0}});
  CHECK_FALSE(by->choose_paused());

  by->on_exploited(trial_id{4}, *next->with); // Whoever goes on from it starts from these values.
  CHECK(result_of(*by, 4, 10, 0.1).what == verdict::yield);
  by->on_trial_paused(trial_id{2});
  const auto second = by->choose_paused();
  REQUIRE(second);
  CHECK(second->with->donor == trial_id{4});
  CHECK(second->with->values == config{{"x", 2250.0}});
}

TEST_CASE("pbt: burn_in is the first time that a trial is judged") {
  auto options = each(5);
  options.burn_in = 12;
  const auto by = made(options);
  create(*by, 2);
  CHECK(by->next_judged(trial_id{1}, 0) == 12);
  CHECK(result_of(*by, 1, 10, 1) == decision{});
  CHECK(result_of(*by, 1, 12, 1).what == verdict::yield);
  CHECK(by->next_judged(trial_id{1}, 12) == 17);
}

TEST_CASE("pbt: of equal losses the earlier trial's is the better, and a donor need not be better than that") {
  const auto by = made(together(1, 0.5));
  create(*by, 4);
  for (std::uint64_t t = 4; t >= 1; --t)
    (void)result_of(*by, t, 1, t == 4 ? 0.0 : 1.0);
  for (std::uint64_t t = 1; t <= 4; ++t)
    by->on_trial_paused(trial_id{t});
  const auto all = all_of(*by); // 4 and 1 are the best, 2 and 3 the worst.
  REQUIRE(all.size() == 4);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(all[i].first == i + 2);
    CHECK((all[i].second == 4 || all[i].second == 1));
  }
  CHECK(pairs(all.begin() + 2, all.end()) == pairs{{1, 0}, {4, 0}});

  const auto flat = made(each(1, 0.5));
  create(*flat, 2);
  CHECK(paused_of(*flat, {1, 1}, 1) == std::vector<std::uint64_t>{2});
  flat->on_trial_paused(trial_id{2});
  CHECK(next_of(*flat) == std::make_pair(std::uint64_t{2}, std::uint64_t{1}));
}

TEST_CASE("pbt: what is no number is the worst, and never goes on from what is none either") {
  const auto by = made(together(1, 0.5));
  create(*by, 4);
  CHECK(paused_of(*by, {no_number, 2, -infinity, 3}, 1).size() == 4);
  for (std::uint64_t t = 1; t <= 4; ++t)
    by->on_trial_paused(trial_id{t});
  for (const auto& [trial, donor] : all_of(*by)) {
    const bool is_bad = trial == 1 || trial == 3;
    CHECK((donor == 2 || donor == 4) == is_bad);
  }

  const auto none = made(each(1, 0.5));
  create(*none, 2);
  (void)paused_of(*none, {no_number, no_number}, 1);
  none->on_trial_paused(trial_id{2});
  const auto next = none->choose_paused();
  REQUIRE(next);
  CHECK_FALSE(next->with);
  CHECK(next->reason == "none is as good as inf now: it goes on as it is");
}

TEST_CASE("pbt, asynchronous: of those that have paused the one that has done least goes on first") {
  const auto by = made(each(5));
  create(*by, 3);
  for (std::uint64_t t = 1; t <= 3; ++t)
    CHECK(result_of(*by, t, t == 1 ? 10 : 5, 1).what != verdict::go_on);
  for (const std::uint64_t t : {1, 3, 2})
    by->on_trial_paused(trial_id{t}); // Also those that only gave their place away.
  const auto order = all_of(*by);
  CHECK(order == pairs{{2, 1}, {3, 1}, {1, 0}});
  CHECK(by->creates_first());
}

TEST_CASE("pbt, synchronous: all wait for the last, those that have ended or that a user holds but count for nothing") {
  const auto by = made(together(5));
  create(*by, 5);
  for (std::uint64_t t = 1; t <= 3; ++t) {
    CHECK(result_of(*by, t, 5, static_cast<double>(t)).what == verdict::pause);
    by->on_trial_paused(trial_id{t});
    CHECK_FALSE(by->choose_paused());
  }
  by->on_trial_end(trial_id{4}, trial_state::error);
  CHECK_FALSE(by->choose_paused());
  by->on_trial_held(trial_id{5});
  CHECK(all_of(*by) == pairs{{3, 1}, {1, 0}, {2, 0}}); // Who changes first, while the others are as they were judged.
  for (std::uint64_t t = 1; t <= 3; ++t)
    CHECK(by->next_judged(trial_id{t}, 5) == 10);

  CHECK(result_of(*by, 1, 10, 1).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  CHECK_FALSE(by->choose_paused()); // 2 and 3 are to come again.
}

TEST_CASE("pbt, synchronous: one that has arrived before the next is created waits for that one, too") {
  const auto by = made(together(5));
  by->on_trial_created(trial_id{1}, {{"x", 1000.0}});
  CHECK(result_of(*by, 1, 5, 1).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  by->on_trial_created(trial_id{2}, {{"x", 2000.0}}); // In its place; then it is asked who goes on.
  CHECK_FALSE(by->choose_paused());
  CHECK(result_of(*by, 2, 5, 2).what == verdict::pause);
  by->on_trial_paused(trial_id{2});
  CHECK(all_of(*by) == pairs{{2, 1}, {1, 0}});
}

TEST_CASE("pbt: who was let go on by its user, and who is unknown, changes nothing for others") {
  const auto by = made(each(5));
  create(*by, 2);
  CHECK(paused_of(*by, {1, 2}, 5) == std::vector<std::uint64_t>{2});
  by->on_trial_paused(trial_id{2});
  by->on_trial_held(trial_id{2});
  CHECK_FALSE(by->choose_paused());
  by->on_trial_held(trial_id{2}); // It goes on.
  CHECK(result_of(*by, 2, 6, 2) == decision{});
  CHECK_FALSE(by->choose_paused());
  CHECK(result_of(*by, 9, 5, 1) == decision{});
  by->on_trial_paused(trial_id{9});
  by->on_trial_end(trial_id{9}, trial_state::stopped);
  by->on_exploited(trial_id{9}, {trial_id{1}, {}});
  CHECK_FALSE(by->choose_paused());
}

TEST_CASE("pbt: what is drawn depends on the trial and on how often it has changed, and on nothing else") {
  const auto values_of = [](std::uint64_t number, int changes, bool with_others) {
    const auto by = made(each(1, 0.5), number);
    create(*by, 4);
    config last;
    for (int i = 1; i <= changes; ++i) {
      (void)paused_of(*by, {1, 1.5, 2, 3}, i);
      if (with_others) {
        by->on_trial_paused(trial_id{3});
        (void)by->choose_paused();
      }
      by->on_trial_paused(trial_id{4});
      const auto next = by->choose_paused();
      REQUIRE(next);
      REQUIRE(next->with);
      by->on_exploited(trial_id{4}, *next->with);
      last = next->with->values;
    }
    return last;
  };
  CHECK(values_of(1, 3, false) == values_of(1, 3, true));
  CHECK(values_of(1, 1, false) != values_of(1, 2, false));
  CHECK(values_of(1, 1, false) != values_of(2, 1, false));
}

TEST_CASE("pbt: whatever happens, donors are not worse, and the same events give the same (I6)") {
  for_each_seed(100, [](seed s) {
    const auto run = [s](variant type) {
      runtime::random_stream random(s);
      auto options = each(static_cast<iteration_number>(1 + random.below(4)), 0.05 * static_cast<double>(s % 11));
      options.type = type;
      options.burn_in = static_cast<iteration_number>(random.below(6));
      const auto by = made(options, s);
      const std::uint64_t trials = 1 + random.below(9);
      create(*by, trials);
      std::map<std::uint64_t, iteration_number> running;
      std::map<std::uint64_t, double> scores;
      for (std::uint64_t t = 1; t <= trials; ++t)
        running[t] = 0;
      std::map<std::uint64_t, iteration_number> paused;
      std::vector<std::string> all;
      for (int step = 0; step < 600; ++step) {
        while (const auto next = by->choose_paused()) {
          const auto trial = next->trial.value;
          REQUIRE(paused.count(trial) == 1);
          all.push_back(next->reason + (next->with ? to_json(next->with->values) : ""));
          if (next->with) {
            REQUIRE(scores.count(next->with->donor.value) == 1); // It lives, and has a score.
            REQUIRE(next->with->donor.value != trial);
            REQUIRE(scores[next->with->donor.value] <= scores[trial]);
            REQUIRE(scores[next->with->donor.value] < infinity);
            by->on_exploited(next->trial, *next->with);
          }
          running[trial] = paused[trial];
          paused.erase(trial);
        }
        if (running.empty()) {
          REQUIRE(paused.empty()); // Nobody waits for ever.
          break;
        }
        auto which = running.begin();
        std::advance(which, static_cast<std::ptrdiff_t>(random.below(running.size())));
        const auto trial = which->first;
        const auto loss = random.chance(0.1) ? no_number : static_cast<double>(random.below(5));
        const auto judged = by->next_judged(trial_id{trial}, which->second);
        const auto decided = result_of(*by, trial, ++which->second, loss);
        REQUIRE((which->second == judged) == (decided.what != verdict::go_on));
        all.push_back(decided.reason);
        if (which->second == judged)
          scores[trial] = std::isnan(loss) ? infinity : loss;
        const bool pauses = decided.what == verdict::pause || (decided.what == verdict::yield && random.chance(0.5));
        if (random.chance(0.02)) {
          running.erase(trial);
          scores.erase(trial);
          by->on_trial_end(trial_id{trial}, trial_state::error);
        } else if (pauses) {
          paused[trial] = which->second;
          running.erase(trial);
          by->on_trial_paused(trial_id{trial});
        }
      }
      return all;
    };
    for (const auto type : {variant::asynchronous, variant::synchronous})
      REQUIRE(run(type) == run(type));
  });
}

TEST_CASE("pbt: the paper's figure 2: alone each of two workers climbs one slope, together they climb both") {
  struct worker {
    double t0 = 0.9;
    double t1 = 0.9;
    config h;
    double q() const { return 1.2 - (t0 * t0 + t1 * t1); }
  };
  const auto run = [](double fraction, double resample, const std::vector<double>& factors) {
    auto options = together(4, fraction);
    options.resample_probability = resample;
    options.perturbation_factors = factors;
    const auto by = pbt(options).make(
      {1, direction::maximize,
       std::make_shared<const search_space>(search_space{{"h0", uniform(0, 1)}, {"h1", uniform(0, 1)}})});
    std::map<trial_id, worker> workers;
    for (const std::uint64_t t : {1, 2}) {
      workers[trial_id{t}].h = {{"h0", t == 1 ? 1.0 : 0.0}, {"h1", t == 1 ? 0.0 : 1.0}};
      by->on_trial_created(trial_id{t}, workers[trial_id{t}].h);
    }
    for (iteration_number i = 1; i <= 400; ++i) {
      for (auto& [trial, w] : workers) {
        w.t0 -= 0.02 * 2 * w.h.get<double>("h0") * w.t0;
        w.t1 -= 0.02 * 2 * w.h.get<double>("h1") * w.t1;
        if (by->on_result({trial, i, -w.q()}).what == verdict::pause)
          by->on_trial_paused(trial);
      }
      while (const auto next = by->choose_paused())
        if (next->with) {
          by->on_exploited(next->trial, *next->with);
          workers[next->trial] = workers.at(next->with->donor);
          workers[next->trial].h = next->with->values;
        }
    }
    return std::make_pair(workers.at(trial_id{1}).q(), workers.at(trial_id{2}).q());
  };

  const auto alone = run(0, 0.25, {1.2, 0.8});
  CHECK(alone.first == doctest::Approx(0.39).epsilon(0.001));
  CHECK(alone.second == doctest::Approx(0.39).epsilon(0.001));
  const auto both = run(0.5, 0.25, {1.2, 0.8});
  CHECK(both.first > 1.19);
  CHECK(both.second > 1.19);
  const auto without_resampling = run(0.5, 0, {1.2, 0.8}); // 0 times a factor stays 0.
  CHECK(without_resampling.first < 0.5);
}

TEST_CASE("pbt: shown as JSON and made again, and every option that is wrong is told") {
  auto other = together(3, 0.5);
  other.burn_in = 4;
  other.resample_probability = 0.5;
  other.perturbation_factors = {2, 0.5};
  other.parameters = {"lr"};
  for (const auto& which : {pbt(), pbt(other)})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(pbt()) == R"({"name":"pbt"})");
  CHECK(to_json(pbt(other)) ==
        R"({"name":"pbt","perturbation_interval":3,"burn_in":4,"quantile_fraction":0.5,"resample_probability":0.5,)"
        R"("perturbation_factors":[2.0,0.5],"parameters":["lr"],"type":"synchronous"})");
  const auto wrong = scheduler_named("pbt", R"({"perturbation_interval": 0, "burn_in": -1, "quantile_fraction": 0.6,
                               "resample_probability": 2, "perturbation_factors": [1.2, 0]})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message ==
        "scheduler pbt: perturbation_interval is 0, but must be from 1 to 1000000000000\n"
        "scheduler pbt: burn_in is -1, but must be from 0 to 1000000000000\n"
        "scheduler pbt: quantile_fraction is 0.6, but must be from 0 to 0.5; use for example 0.25\n"
        "scheduler pbt: resample_probability is 2, but must be from 0 to 1; use for example 0.25\n"
        "scheduler pbt: perturbation_factors has 0, but each must be more than 0; use for example [1.2, 0.8]");
  const auto forms = scheduler_named("pbt", R"({"perturbation_factors": 2, "parameters": [1], "type": "both"})");
  REQUIRE_FALSE(forms);
  CHECK(forms.error().message == "scheduler pbt: perturbation_factors is 2, but must be a list of numbers\n"
                                 "scheduler pbt: parameters is [1], but must be a list of names\n"
                                 "scheduler pbt: type is \"both\", but must be \"asynchronous\" or \"synchronous\"");
  other.parameters = {"lr", "momentun"};
  CHECK(pbt(other).mistakes({{"lr", uniform(0, 1)}, {"momentum", uniform(0, 1)}}) ==
        std::vector<std::string>{"scheduler: parameters: the space has no \"momentun\"; did you mean \"momentum\"?"});
  other.quantile_fraction = 1;
  CHECK(validate(other).error().message ==
        "pbt: quantile_fraction is 1, but must be from 0 to 0.5; use for example 0.25");
}
