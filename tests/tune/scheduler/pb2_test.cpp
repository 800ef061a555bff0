#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
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

const search_space plane = {{"a", uniform(0, 1)}, {"b", log_uniform(1e-4, 1)}};

scheduler_setup setup_of(std::uint64_t s, const search_space& space = plane) {
  return {s, direction::maximize, std::make_shared<const search_space>(space)};
}

/// A population of which each iteration gains the more, the nearer its values are to the best ones, which drift with
/// how long a state has been trained.
class drifting {
public:
  drifting(const scheduler_choice& choice, seed s, std::uint64_t trials) : by_(choice.make(setup_of(s))) {
    runtime::random_stream random(s);
    for (std::uint64_t t = 1; t <= trials; ++t) {
      auto& x = all_[trial_id{t}];
      x.values = {{"a", random.unit()}, {"b", std::pow(1e-4, random.unit())}};
      by_->on_trial_created(trial_id{t}, x.values);
    }
  }

  /// All train for so many iterations; the best reward then.
  double after(iteration_number iterations) {
    for (iteration_number i = 1; i <= iterations; ++i) {
      for (auto& [trial, x] : all_) {
        x.reward += gain(x);
        ++x.trained;
        const auto what = by_->on_result({trial, i, -x.reward}).what;
        if (what == verdict::pause)
          by_->on_trial_paused(trial);
      }
      while (auto next = by_->choose_paused())
        if (next->with) {
          reasons.push_back(next->reason);
          by_->on_exploited(next->trial, *next->with);
          auto& x = all_.at(next->trial);
          x = all_.at(next->with->donor);
          x.values = next->with->values;
        }
    }
    double best = 0;
    for (const auto& each : all_)
      best = std::max(best, each.second.reward);
    return best;
  }

  /// Of the trial whose values are nearest to the best ones now.
  double best_gain() const {
    double best = 0;
    for (const auto& each : all_)
      best = std::max(best, gain(each.second));
    return best;
  }

  std::vector<std::string> reasons; ///< Of the changes.

private:
  struct state {
    double reward = 0;
    int trained = 0;
    config values;
  };

  /// 1 at best; there `a` goes from 0.9 to 0.3 in 100 iterations, and `b` is 0.01.
  static double gain(const state& x) {
    const double off_a = x.values.get<double>("a") - (0.9 - 0.006 * x.trained);
    const double off_b = (std::log10(x.values.get<double>("b")) + 2) / 4;
    return 1 - 4 * (off_a * off_a + off_b * off_b);
  }

  std::unique_ptr<scheduler> by_;
  std::map<trial_id, state> all_;
};

pb2_options every(iteration_number interval, variant type) {
  pb2_options options;
  options.perturbation_interval = interval;
  options.type = type;
  return options;
}

} // namespace

TEST_CASE("pb2: good values that drift are found sooner than by factors, with the same seeds") {
  double by_bandits = 0;
  double by_factors = 0;
  double last_gain = 0;
  int wins = 0;
  constexpr int seeds = 8;
  for (seed s = 1; s <= seeds; ++s) {
    pbt_options plain;
    plain.perturbation_interval = 4;
    plain.type = variant::synchronous;
    drifting bandits(pb2(every(4, variant::synchronous)), s, 4);
    drifting factors(pbt(plain), s, 4);
    const double one = bandits.after(60);
    const double other = factors.after(60);
    by_bandits += one / seeds;
    by_factors += other / seeds;
    last_gain += bandits.best_gain() / seeds;
    wins += one > other;
  }
  CHECK(last_gain > 0.95); // At most 1.
  CHECK(by_bandits > 52);  // At most 60.
  CHECK(by_bandits - by_factors > 4);
  CHECK(wins >= 5);
}

TEST_CASE("pb2: says how the values were found, and finds the same again") {
  for (const auto type : {variant::synchronous, variant::asynchronous}) {
    drifting one(pb2(every(2, type)), 3, 3);
    drifting other(pb2(every(2, type)), 3, 3);
    CHECK(one.after(20) == other.after(20));

    REQUIRE(one.reasons.size() > 5);
    CHECK(one.reasons == other.reasons);
    if (type == variant::synchronous)
      CHECK(one.reasons.front().find("; as pbt, for there are 3 gains to learn from, and not 4") != std::string::npos);
    CHECK(one.reasons.back().find("; by a model of ") != std::string::npos);
  }
}

TEST_CASE("pb2: shown as JSON and made again, and every option that is wrong is told") {
  pb2_options other;
  other.perturbation_interval = 3;
  other.burn_in = 4;
  other.quantile_fraction = 0.5;
  other.resample_probability = 0.25; // pbt's default is not this one's.
  other.perturbation_factors = {2, 0.5};
  other.parameters = {"a"};
  other.type = variant::synchronous;
  for (const auto& which : {pb2(), pb2(other)})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(pb2()) == R"({"name":"pb2"})");
  CHECK(to_json(pb2(other)) ==
        R"({"name":"pb2","perturbation_interval":3,"burn_in":4,"quantile_fraction":0.5,"resample_probability":0.25,)"
        R"("perturbation_factors":[2.0,0.5],"parameters":["a"],"type":"synchronous"})");
  const auto wrong = scheduler_named("pb2", R"({"perturbation_interval": 0, "quantile_fraction": 0.6})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "scheduler pb2: perturbation_interval is 0, but must be from 1 to 1000000000000\n"
                                 "scheduler pb2: quantile_fraction is 0.6, but must be from 0 to 0.5; use for example "
                                 "0.25");
  const auto forms = scheduler_named("pb2", R"({"type": "both"})");
  REQUIRE_FALSE(forms);
  CHECK(forms.error().message == R"(scheduler pb2: type is "both", but must be "asynchronous" or "synchronous")");
  other.quantile_fraction = 1;
  CHECK(validate(other).error().message ==
        "pb2: quantile_fraction is 1, but must be from 0 to 0.5; use for example 0.25");
}

TEST_CASE("pb2: a space without a number that it could choose is refused, and it says what would be right") {
  using texts = std::vector<std::string>;
  const search_space numberless = {{"layers", integer(1, 8)}, {"q", quniform(0, 1, 0.1)}, {"c", choice({"a", "b"})}};
  CHECK(pb2().mistakes(plane) == texts{});
  CHECK(pb2().mistakes(numberless) ==
        texts{"scheduler: pb2 needs a number between two bounds, without steps, such as uniform(0, 1) or "
              "log_uniform(1e-5, 0.1), but the space has none; use pbt"});
  CHECK(pbt().mistakes(numberless) == texts{});

  pb2_options some;
  some.parameters = {"c"};
  const search_space mixed = {{"x", uniform(0, 1)}, {"c", choice({"a", "b"})}};
  CHECK(pb2(some).mistakes(mixed) ==
        texts{"scheduler: pb2 needs a number between two bounds, without steps, such as uniform(0, 1) or "
              "log_uniform(1e-5, 0.1), but parameters has none; use pbt"});
  some.parameters = {"y"};
  CHECK(pb2(some).mistakes(mixed) == texts{"scheduler: parameters: the space has no \"y\"; there is \"x\", \"c\""});
}
