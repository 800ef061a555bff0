#include "tune/searcher/gp.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"
#include "tune/searchers.hpp"

using namespace tune;

namespace {

std::unique_ptr<searcher> made(const search_space& space, seed s, const gp_search_options& options = {}) {
  return gp_search(options).make({space, s, 1'000'000, 0});
}

double branin(const config& c) {
  const double pi = std::acos(-1.0);
  const double x = c.get<double>("x");
  const double y = c.get<double>("y");
  const double a = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10;
}

double median_of_least(const search_space& space, std::uint64_t trials, const gp_search_options& options,
                       const std::function<double(const config&)>& function) {
  std::vector<double> found;
  for_each_seed(5, [&](seed s) {
    double least = std::numeric_limits<double>::infinity();
    run(*made(space, s, options), 1, trials, [&](const config& c) {
      least = std::min(least, function(c));
      return losses{function(c)};
    });
    found.push_back(least);
  });
  std::sort(found.begin(), found.end());
  return found[found.size() / 2];
}

} // namespace

TEST_CASE("gp: how many trials are first") {
  CHECK(gp::startup_of({}, 1) == 8);
  CHECK(gp::startup_of({}, 12) == 13);
  CHECK(gp::startup_of({}, 100) == 20);
  gp_search_options few;
  few.startup_trials = 3;
  CHECK(gp::startup_of(few, 12) == 3);
}

TEST_CASE("gp: the first trial is the middle, then those of a Sobol search") {
  const auto zero = [](const config&) { return losses{0}; };
  const auto learned = run(*made(square, 3), 1, 9, zero);
  const auto sobol = run(*sobol_search().make({square, 3, 1, 0}), 1, 9, zero);

  CHECK(learned[0] == config{{"x", 0.5}, {"y", 0.5}});
  CHECK(std::equal(learned.begin() + 1, learned.begin() + 8, sobol.begin() + 1));
  CHECK(learned[8] != sobol[8]);
}

TEST_CASE("gp: Branin's function after 30 trials") {
  const search_space space = {{"x", uniform(-5, 10)}, {"y", uniform(0, 15)}};
  CHECK(median_of_least(space, 30, {}, branin) < 0.397887 + 0.05);
}

TEST_CASE("gp: one good choice of ten, and a number beside it") {
  const search_space space = {{"c", choice({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})}, {"x", uniform(0, 1)}};
  const auto loss = [](const config& c) {
    return std::abs(c.get<double>("x") - 0.4) + (c.get<int>("c") == 6 ? 0.0 : 1.0 + c.get<int>("c") % 3);
  };
  CHECK(median_of_least(space, 40, {}, loss) < 0.02);
}

TEST_CASE("gp: a branch that does well is taken more often, and its own parameters are learned") {
  const search_space space = {{"which", choice({"a", "b", "c"})},
                              {"xa", uniform(0, 1).when("which", "a")},
                              {"xb", uniform(0, 1).when("which", "b")},
                              {"xc", uniform(0, 1).when("which", "c")}};
  const auto loss = [](const config& c) { return c.contains("xb") ? std::abs(c.get<double>("xb") - 0.2) : 1.0; };
  CHECK(median_of_least(space, 30, {}, loss) < 0.01);
}

TEST_CASE("gp: options, each of which finds the minimum, too") {
  gp_search_options deterministic;
  deterministic.deterministic = true;
  gp_search_options warping;
  warping.input_warping = true;
  gp_search_options region;
  region.trust_region_from = 1;
  for (const auto& each : {deterministic, warping, region}) {
    INFO(gp_search(each).options());
    CHECK(median_of_least(square, 30, each, bowl) < 1e-3);
  }
}

TEST_CASE("gp: many dimensions") {
  const auto loss = [](const config& c) {
    double sum = 0;
    for (int i = 0; i < 25; ++i)
      sum += std::pow(c.get<double>("x" + std::to_string(i)) - 0.33, 2);
    return sum;
  };
  CHECK(median_of_least(cube(25), 60, {}, loss) < 0.4); // In the middle it is 0.72; the best of 60 by chance, 1.5.
}

TEST_CASE("gp: scale and place of losses do not matter") {
  const auto plain = run(*made(square, 1), 1, 20, [](const config& c) { return losses{bowl(c)}; });
  const auto larger = run(*made(square, 1), 1, 20, [](const config& c) { return losses{bowl(c) * 0x1p40}; });

  CHECK(plain == larger);
}

TEST_CASE("gp: huge losses and failures do not hide where it is good") {
  const auto spoiled = [](const config& c) {
    return c.get<double>("x") > 0.8 ? 1e30 : c.get<double>("y") < 0.2 ? std::nan("") : bowl(c);
  };
  double least = 1;
  run(*made(square, 1), 1, 40, [&](const config& c) {
    least = std::min(least, bowl(c));
    return losses{spoiled(c)};
  });
  CHECK(least < 1e-3);
}

TEST_CASE("gp: what is pending is kept clear of") {
  const auto search = made(square, 1);
  run(*search, 1, 15, [](const config& c) { return losses{bowl(c)}; });
  std::vector<trial_id> next;
  for (std::uint64_t i = 16; i <= 31; ++i)
    next.emplace_back(i);
  const auto batch = search->ask(next).proposals;
  double nearest = 2;
  for (std::size_t i = 0; i < batch.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      nearest = std::min(nearest, std::hypot(batch[i].values.get<double>("x") - batch[j].values.get<double>("x"),
                                             batch[i].values.get<double>("y") - batch[j].values.get<double>("y")));
  CHECK(batch.size() == 16);
  CHECK(nearest > 1e-4); // Without regard to them it is 0.
}

TEST_CASE("gp: constraints that are reported are kept clear of") {
  int violated = 0;
  double best = 1;
  const auto search = made(square, 1);
  for (std::uint64_t i = 1; i <= 40; ++i) {
    const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
    search->on_created(trial_id{i}, values);
    const double x = values.get<double>("x");
    search->on_constraints(trial_id{i}, {x - 0.2, -1}); // The best of the rest is at its edge.
    search->on_end(trial_id{i}, trial_outcome::completed, {-x});
    violated += i > 20 && x > 0.2 ? 1 : 0;
    best = x > 0.2 ? best : std::min(best, 0.2 - x);
  }
  CHECK(violated < 16); // Of 20; without regard to it all.
  CHECK(best < 0.02);
}

TEST_CASE("gp: constraints of the space hold for every proposal") {
  auto space = square;
  space.require("x + y < 1", [](const config& c) { return c.get<double>("x") + c.get<double>("y") < 1; });
  double least = 1;
  for (const auto& each : run(*made(space, 1), 1, 30, [&](const config& c) {
         least = std::min(least, bowl(c));
         return losses{bowl(c)};
       }))
    REQUIRE(each.get<double>("x") + each.get<double>("y") < 1);
  CHECK(least < 0.01); // At the very edge it is 0.
}

TEST_CASE("gp: more trials than a model holds, replayed at their end") {
  const auto random = random_search().make({square, 1, 1'000'000, 0});
  const auto one = made(square, 1);
  const auto other = made(square, 1);
  for (std::uint64_t i = 1; i <= 600; ++i) {
    const auto values = random->ask({trial_id{i}}).proposals.at(0).values;
    for (auto* each : {one.get(), other.get()}) {
      each->on_created(trial_id{i}, values);
      each->on_end(trial_id{i}, trial_outcome::completed, {bowl(values)});
    }
    if (i % 100 == 0)
      one->ask({trial_id{i + 1}}); // What is asked on the way changes nothing.
  }
  const auto next = one->ask({trial_id{601}}).proposals.at(0).values;

  CHECK(next == other->ask({trial_id{601}}).proposals.at(0).values);
  CHECK(bowl(next) < 0.01);
}

TEST_CASE("gp: results that are known from elsewhere are learned from and not proposed again") {
  const search_space space = {{"a", integer(1, 5)}};
  const auto search = made(space, 1);
  search->on_known(config{{"a", 2}}, {1.0});
  std::set<std::int64_t> proposed;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
    proposed.insert(values.get<std::int64_t>("a"));
    search->on_created(trial_id{i}, values);
    search->on_end(trial_id{i}, trial_outcome::completed, {0.0});
  }

  CHECK(proposed == std::set<std::int64_t>{1, 3, 4, 5});
  CHECK(search->ask({trial_id{5}}).reason == "every point of the space was proposed");
}

TEST_CASE("gp: options have names, and every mistake is told") {
  const auto which = or_throw(searcher_named("gp", R"({"startup_trials": 0, "trust_region_from": -1, "seed": 4})"));
  const search_space space = {{"x", uniform(0, 1)}, {"g", grid({1, 2})}};

  CHECK(to_json(which) == R"({"name":"gp","seed":4,"startup_trials":0,"trust_region_from":-1})");
  CHECK(which.mistakes(space) ==
        std::vector<std::string>{"searcher gp: startup_trials is 0, but must be 1 or more",
                                 "searcher gp: trust_region_from is -1, but must be 1 or more",
                                 "space: \"g\": searcher gp crosses no grids; use choice or ordinal"});
  CHECK(searcher_named("gp", R"({"noise": 1})").error().message ==
        "searcher gp: it has no option \"noise\"; there is \"seed\", \"repeat\", \"startup_trials\", "
        "\"deterministic\", \"input_warping\", \"trust_region_from\"");
  CHECK(searcher_named("gp", R"({"startup_trials": "many"})").error().message ==
        "searcher gp: startup_trials is \"many\", but must be an integer");
}
