#include "tune/scheduler/pb2_explorer.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/search_space.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/domain_values.hpp"

using namespace tune;

namespace {

const chance some_chance(1, "test", 1);

pbt_options only_moves() {
  pbt_options options;
  options.resample_probability = 0;
  options.perturbation_factors = {1.5};
  return options;
}

/// Trials 1, 2, ... with these values, each of which has gained so much in its second iteration.
void teach(pb2_explorer& explorer, const std::vector<std::pair<config, double>>& trials) {
  std::uint64_t t = 0;
  for (const auto& [values, gain] : trials) {
    explorer.on_trial_created(trial_id{++t}, values);
    explorer.on_result({trial_id{t}, 1, 0, /*is_judged=*/true});
    explorer.on_result({trial_id{t}, 2, -gain, /*is_judged=*/true});
  }
}

/// Ten trials with x from 0.05 to 0.95.
std::vector<std::pair<config, double>> ten(const std::function<double(double)>& gain) {
  std::vector<std::pair<config, double>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back({{{"x", 0.05 + 0.1 * i}}, gain(0.05 + 0.1 * i)});
  return all;
}

const search_space line = {{"x", uniform(0, 1)}};

double hill(double x) {
  return 1 - 4 * (x - 0.62) * (x - 0.62);
}

} // namespace

TEST_CASE("pb2 explorer: goes to where most was gained, wherever the donor is") {
  pb2_explorer explorer(only_moves(), line);
  teach(explorer, ten(hill));

  for (const double donors : {0.05, 0.35, 0.95}) {
    const auto found = explorer.explore(trial_id{1}, {trial_id{2}, {{"x", donors}}}, some_chance);
    CHECK(found.values.get<double>("x") == doctest::Approx(0.62).epsilon(0.08));
    CHECK(found.how == "by a model of 10 gains");
  }
  pb2_explorer downhill(only_moves(), line); // At a bound.
  teach(downhill, ten([](double x) { return -x; }));
  CHECK(downhill.explore(trial_id{1}, {trial_id{2}, {{"x", 0.5}}}, some_chance).values.get<double>("x") < 0.05);
}

TEST_CASE("pb2 explorer: a logarithmic parameter is searched on its scale") {
  pb2_explorer explorer(only_moves(), {{"lr", log_uniform(1e-6, 1)}});
  std::vector<std::pair<config, double>> all;
  for (int i = 0; i <= 12; ++i)
    all.push_back({{{"lr", std::pow(10, -6 + i * 0.5)}}, -std::abs(-6 + i * 0.5 + 4.5)});
  teach(explorer, all);

  const auto lr = explorer.explore(trial_id{1}, {trial_id{2}, {{"lr", 0.1}}}, some_chance).values.get<double>("lr");

  CHECK(std::log10(lr) == doctest::Approx(-4.5).epsilon(0.1));
}

TEST_CASE("pb2 explorer: what gained little before, or from another reward, says less of where the donor is") {
  pb2_explorer explorer(only_moves(), line);
  std::uint64_t t = 0;
  const auto add = [&](double x, iteration_number after, double reward, double gain) {
    explorer.on_trial_created(trial_id{++t}, {{"x", x}});
    explorer.on_result({trial_id{t}, after, -reward, true});
    explorer.on_result({trial_id{t}, after + 1, -reward - gain, true});
  };
  for (int i = 0; i < 10; ++i) {
    add(0.05 + 0.1 * i, 1, 0, 1 - std::abs(0.05 + 0.1 * i - 0.2)); // Early 0.2 is best, later 0.8.
    add(0.05 + 0.1 * i, 100, 50, 1 - std::abs(0.05 + 0.1 * i - 0.8));
  }

  const auto from = [&](std::uint64_t donor) {
    return explorer.explore(trial_id{5}, {trial_id{donor}, {{"x", 0.5}}}, some_chance).values.get<double>("x");
  };
  CHECK(from(1) == doctest::Approx(0.2).epsilon(0.3));
  CHECK(from(2) == doctest::Approx(0.8).epsilon(0.1));
}

TEST_CASE("pb2 explorer: of values that diverged it learns to keep away") {
  const double infinity = std::numeric_limits<double>::infinity();
  pb2_explorer explorer(only_moves(), line);
  auto all = ten([](double x) { return x; }); // The more the better; but from 0.7 on it diverges.
  all.resize(7);
  teach(explorer, all);
  for (const double x : {0.75, 0.85, 0.95}) {
    explorer.on_trial_created(trial_id{static_cast<std::uint64_t>(x * 100)}, {{"x", x}});
    explorer.on_result({trial_id{static_cast<std::uint64_t>(x * 100)}, 1, 0, true});
    explorer.on_result({trial_id{static_cast<std::uint64_t>(x * 100)}, 2, x == 0.85 ? std::nan("") : infinity, true});
  }
  CHECK(explorer.explore(trial_id{1}, {trial_id{2}, {{"x", 0.5}}}, some_chance).values.get<double>("x") < 0.72);
}

TEST_CASE("pb2 explorer: what others are trying is not tried again") {
  pb2_explorer explorer(only_moves(), line);
  teach(explorer, ten([](double) { return 0.5; })); // All are alike: only what is uncertain is worth a try.
  const auto next_of = [&](std::uint64_t trial) {
    return explorer.explore(trial_id{trial}, {trial_id{10}, {{"x", 0.5}}}, some_chance).values;
  };
  const auto first = next_of(1);
  CHECK(next_of(2) == first);
  explorer.on_exploited(trial_id{1}, {trial_id{10}, first});

  CHECK(std::abs(next_of(2).get<double>("x") - first.get<double>("x")) > 0.1);
  CHECK(next_of(1) == first); // Its own values are about to be replaced.
}

TEST_CASE("pb2 explorer: before there is enough to learn from, and where nothing can be learned, it is as pbt's") {
  const pbt_explorer as_pbt(only_moves(), line);
  const exploit from{trial_id{2}, {{"x", 0.5}}};
  const auto expected = as_pbt.near_to(from.values, some_chance);
  CHECK(expected.get<double>("x") == 0.75);

  for (const std::size_t rows : {0, 2, 3}) {
    pb2_explorer explorer(only_moves(), line);
    auto few = ten(hill);
    few.resize(rows);
    teach(explorer, few);
    const auto found = explorer.explore(trial_id{1}, from, some_chance);
    CHECK(found.values == expected);
    CHECK(found.how == "as pbt, for there are " + std::to_string(rows) + " gains to learn from, and not 4");
  }
  pb2_explorer enough(only_moves(), line);
  auto four = ten(hill);
  four.resize(4);
  teach(enough, four);
  CHECK(enough.explore(trial_id{1}, from, some_chance).how == "by a model of 4 gains");
  CHECK(enough.explore(trial_id{1}, {trial_id{77}, from.values}, some_chance).values == expected);
  CHECK(enough.explore(trial_id{1}, {trial_id{77}, from.values}, some_chance).how ==
        "as pbt, for it is not known where its donor is");

  pb2_explorer diverged(only_moves(), line);
  for (std::uint64_t t = 1; t <= 5; ++t) {
    diverged.on_trial_created(trial_id{t}, {{"x", 0.1}});
    diverged.on_result({trial_id{t}, 1, 0, true});
    diverged.on_result({trial_id{t}, 2, std::nan(""), true});
  }
  CHECK(diverged.explore(trial_id{1}, from, some_chance).values == expected);

  search_space wide;
  config middle;
  for (int i = 0; i < 6; ++i) {
    wide.add("x" + std::to_string(i), uniform(0, 1));
    middle.set("x" + std::to_string(i), 0.5);
  }
  pb2_explorer of_six(only_moves(), wide);
  teach(of_six, std::vector<std::pair<config, double>>(6, {middle, 1.0}));
  CHECK(of_six.explore(trial_id{1}, {trial_id{2}, middle}, some_chance).how ==
        "as pbt, for there are 6 gains to learn from, and not 7");
}

TEST_CASE("pb2 explorer: the model chooses numbers between bounds alone, all else moves as with pbt") {
  const search_space space = {{"x", uniform(0, 1)},   {"layers", integer(1, 100)},  {"q", quniform(0, 10, 1)},
                              {"n", normal(0, 1)},    {"o", ordinal({1, 2, 3, 4})}, {"c", choice({"relu", "tanh"})},
                              {"kept", uniform(0, 1)}};
  auto options = only_moves();
  options.parameters = {"x", "layers", "q", "n", "o", "c"};
  pb2_explorer explorer(options, space);
  const config donors{{"x", 0.1}, {"layers", 10}, {"q", 4.0}, {"n", 2.0}, {"o", 2}, {"c", "relu"}, {"kept", 0.125}};
  std::vector<std::pair<config, double>> all;
  for (const auto& [values, gain] : ten(hill)) {
    all.emplace_back(donors, gain);
    all.back().first.set("x", *values.find("x"));
  }
  teach(explorer, all);

  bool is_redrawn = false;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto to = explorer.explore(trial_id{1}, {trial_id{2}, donors}, chance(1, "test", i)).values;
    CHECK(to.get<double>("x") == doctest::Approx(0.62).epsilon(0.08));
    CHECK(to.get<int>("layers") == 15);
    CHECK(to.get<double>("q") == 6);
    CHECK(to.get<double>("n") == 3);
    CHECK(to.get<int>("o") == 3);
    CHECK(to.get<double>("kept") == 0.125);
    is_redrawn = is_redrawn || to.get<std::string>("c") == "tanh";
  }
  CHECK(is_redrawn);
}

TEST_CASE("pb2 explorer: constraints hold, and where the model finds nothing that they allow it is as pbt's") {
  search_space space = line;
  space.require("x < 0.5", [](const config& c) { return c.get<double>("x") < 0.5; });
  pb2_explorer explorer(only_moves(), space);
  teach(explorer, ten(hill));
  const auto found = explorer.explore(trial_id{1}, {trial_id{2}, {{"x", 0.2}}}, some_chance);
  CHECK(found.values.get<double>("x") < 0.5);
  CHECK(found.values.get<double>("x") > 0.4); // The best of what is allowed.

  search_space narrow = line;
  narrow.require("x is 0.3", [](const config& c) { return std::abs(c.get<double>("x") - 0.3) < 1e-9; });
  pb2_explorer stuck(only_moves(), narrow);
  teach(stuck, ten(hill));
  const auto as_pbt = stuck.explore(trial_id{1}, {trial_id{2}, {{"x", 0.2}}}, some_chance);
  CHECK(as_pbt.values.get<double>("x") == doctest::Approx(0.3));
  CHECK(as_pbt.how == "as pbt, for the constraints do not hold where the model expects gains");
}

TEST_CASE("pb2 explorer: from whatever values, again and again, all stays in the space; and it is the same again") {
  const search_space space = {{"u", uniform(-2, 3)},
                              {"l", log_uniform(1e-6, 1)},
                              {"q", quniform(0, 1, 0.1)},
                              {"c", choice({"a", "b"})},
                              {"i", integer(-3, 12, 3)},
                              {"w", uniform(1, 2).when("c", "a")},
                              {"k", 5}};
  const auto drawn = random_search().make({space, 3, 1, 0});
  for_each_seed(10, [&](seed s) {
    pb2_explorer explorer({}, space);
    pb2_explorer other({}, space);
    const std::uint64_t trials = 2 + s % 4;
    std::vector<config> at;
    for (std::uint64_t t = 1; t <= trials; ++t)
      at.push_back(drawn->ask({trial_id{s * 10 + t}}).proposals.at(0).values);
    for (auto* each : {&explorer, &other})
      for (std::uint64_t t = 1; t <= trials; ++t)
        each->on_trial_created(trial_id{t}, at[t - 1]);
    chance random(s, "losses", 1);
    for (iteration_number i = 1; i <= 12; ++i) {
      for (std::uint64_t t = 1; t <= trials; ++t) {
        const double loss = random.happens(0.1) ? std::nan("") : random.normal(0, random.happens(0.1) ? 1e200 : 1);
        const bool is_judged = i % 2 == 0;
        explorer.on_result({trial_id{t}, i, loss, is_judged});
        (void)explorer.explore(trial_id{1}, {trial_id{2}, at[1]}, chance(s, "unasked", t)); // It changes nothing.
        other.on_result({trial_id{t}, i, loss, is_judged});
      }
      const trial_id trial(1 + random.below(trials));
      const trial_id donor(1 + random.below(trials));
      const exploit from{donor, at[donor.value - 1]};
      const auto next = explorer.explore(trial, from, chance(s, "test", static_cast<std::uint64_t>(i)));
      const auto again = other.explore(trial, from, chance(s, "test", static_cast<std::uint64_t>(i)));
      REQUIRE(next.values == again.values);
      REQUIRE(next.how == again.how);
      for (const auto& each : space.parameters()) {
        const bool is_active = each.name != "w" || next.values.get<std::string>("c") == "a";
        REQUIRE_MESSAGE(next.values.contains(each.name) == is_active, each.name);
        if (is_active)
          REQUIRE_MESSAGE(fitted(each.what, *next.values.find(each.name)).has_value(), to_json(next.values));
      }
      at[trial.value - 1] = next.values;
      for (auto* each : {&explorer, &other})
        each->on_exploited(trial, {donor, next.values});
    }
  });
}
