#include "tune/searcher/tpe.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"
#include "tune/searcher/pareto_choice.hpp"
#include "tune/searchers.hpp"

using namespace tune;

namespace {

std::unique_ptr<searcher> made(const search_space& space, seed s, const tpe_search_options& options = {}) {
  return tpe_search(options).make({space, s, 1'000'000, 0});
}

} // namespace

TEST_CASE("tpe: how many are good") {
  CHECK(tpe::good_of({}, 0) == 0);
  CHECK(tpe::good_of({}, 1) == 1);
  CHECK(tpe::good_of({}, 20) == 3);
  CHECK(tpe::good_of({}, 100) == 15);
  CHECK(tpe::good_of({}, 1000) == 25);
}

TEST_CASE("tpe: the first trials are those of a Sobol search") {
  search_space space;
  for (int i = 0; i < 7; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  const auto zero = [](const config&) { return losses{0}; };
  const auto learned = run(*made(space, 3), 1, 11, zero);
  const auto sobol = run(*sobol_search().make({space, 3, 1, 0}), 1, 11, zero);

  CHECK(std::equal(learned.begin(), learned.begin() + 10, sobol.begin()));
  CHECK(learned[10] != sobol[10]);
}

TEST_CASE("tpe: only the order of losses and their relative distances count") {
  const auto plain = run(*made(square, 1), 1, 60, [](const config& c) { return losses{bowl(c)}; });
  const auto larger = run(*made(square, 1), 1, 60, [](const config& c) { return losses{bowl(c) * 0x1p40}; });
  const auto smaller = run(*made(square, 1), 1, 60, [](const config& c) { return losses{bowl(c) * 0x1p-60}; });

  CHECK(plain == larger);
  CHECK(plain == smaller);
}

TEST_CASE("tpe: the order in which trials end between two asks does not matter") {
  const auto search = made(square, 1);
  const auto other = made(square, 1);
  const auto first = run(*search, 1, 30, [](const config& c) { return losses{bowl(c)}; });
  for (std::uint64_t i = 1; i <= 30; ++i)
    other->on_created(trial_id{i}, first[i - 1]);
  for (std::uint64_t i = 30; i >= 1; --i)
    other->on_end(trial_id{i}, trial_outcome::completed, {bowl(first[i - 1])});

  CHECK(search->ask({trial_id{31}}).proposals.at(0).values == other->ask({trial_id{31}}).proposals.at(0).values);
}

TEST_CASE("tpe: one good choice of ten is chosen more often than not after 60 trials") {
  const search_space space = {{"c", choice({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})}, {"x", uniform(0, 1)}};
  int chosen = 0;
  for_each_seed(20, [&](seed s) {
    const auto search = made(space, s);
    const auto all =
      run(*search, 1, 70, [](const config& c) { return losses{c.get<int>("c") == 6 ? 0.0 : 1.0 + c.get<int>("c")}; });
    chosen += static_cast<int>(
      std::count_if(all.begin() + 60, all.end(), [](const config& c) { return c.get<int>("c") == 6; }));
  });
  CHECK(chosen > 100); // Of 200.
}

TEST_CASE("tpe: what is pending is kept clear of") {
  double nearest_with = 0;
  double nearest_without = 0;
  for_each_seed(10, [&](seed s) {
    const auto search = made(square, s);
    run(*search, 1, 40, [](const config& c) { return losses{bowl(c)}; });
    std::vector<trial_id> next;
    std::vector<config> without;
    for (std::uint64_t i = 41; i <= 56; ++i) {
      next.emplace_back(i);
      without.push_back(search->ask({trial_id{i}}).proposals.at(0).values); // Each as if it were the only one.
    }
    std::vector<config> with;
    for (const auto& each : search->ask(next).proposals)
      with.push_back(each.values);
    const auto nearest = [](const std::vector<config>& all) {
      double least = 2;
      for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
          least = std::min(least, std::hypot(all[i].get<double>("x") - all[j].get<double>("x"),
                                             all[i].get<double>("y") - all[j].get<double>("y")));
      return least;
    };
    REQUIRE(nearest(with) > 0);
    nearest_with += nearest(with);
    nearest_without += nearest(without);
  });
  CHECK(nearest_with > 1.5 * nearest_without);
}

TEST_CASE("tpe: a branch that does well is taken more often, and its own parameters are learned") {
  const search_space space = {{"which", choice({"a", "b", "c"})},
                              {"xa", uniform(0, 1).when("which", "a")},
                              {"xb", uniform(0, 1).when("which", "b")},
                              {"xc", uniform(0, 1).when("which", "c")}};
  int taken = 0;
  double distance = 0;
  for_each_seed(10, [&](seed s) {
    const auto search = made(space, s);
    run(*search, 1, 80,
        [](const config& c) { return losses{c.contains("xb") ? std::abs(c.get<double>("xb") - 0.2) : 1.0}; });
    for (const auto& each : run(*search, 81, 100, [](const config&) { return losses{0.5}; }))
      if (each.contains("xb")) {
        ++taken;
        distance += std::abs(each.get<double>("xb") - 0.2);
      }
  });
  REQUIRE(taken > 120);           // Of 200.
  CHECK(distance / taken < 0.25); // By chance it would be 0.34.
}

TEST_CASE("tpe: trials that were stopped early teach, the later the more") {
  double distance = 0;
  for_each_seed(10, [&](seed s) {
    const auto search = made(square, s);
    for (std::uint64_t i = 1; i <= 60; ++i) {
      const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
      search->on_created(trial_id{i}, values);
      // Near the optimum they go on for longer, and their losses are larger.
      const auto iterations = static_cast<iteration_number>(10 / (1 + 20 * bowl(values)));
      search->on_report(trial_id{i}, iterations, {static_cast<double>(iterations)});
      search->on_end(trial_id{i}, trial_outcome::stopped, {static_cast<double>(iterations)});
      if (i > 50)
        distance += std::sqrt(bowl(values)) / 100;
    }
  });
  CHECK(distance < 0.25); // By chance it would be 0.46.
}

TEST_CASE("tpe: constraints that are reported are kept clear of") {
  int violated = 0;
  for_each_seed(10, [&](seed s) {
    const auto search = made(square, s);
    for (std::uint64_t i = 1; i <= 80; ++i) {
      const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
      search->on_created(trial_id{i}, values);
      const double violation = values.get<double>("x") - 0.2; // The best of the rest is at its edge.
      search->on_constraints(trial_id{i}, {violation, -1});
      search->on_end(trial_id{i}, trial_outcome::completed, {-values.get<double>("x")});
      violated += i > 40 && violation > 0 ? 1 : 0;
    }
  });
  CHECK(violated < 220); // Of 400; by chance 320, and without regard to it nearly all.
}

TEST_CASE("tpe: several objectives") {
  const auto both = [](const config& c) {
    const auto x = c.get<double>("x");
    const auto y = c.get<double>("y");
    return losses{x * x + y, (x - 1) * (x - 1) + y};
  };
  int won = 0;
  for_each_seed(10, [&](seed s) {
    const auto volume_of = [&](const searcher_choice& which) {
      const auto search = which.make({square, s, 1'000, 0});
      std::vector<losses_of_trial> found;
      for (const auto& each : run(*search, 1, 100, both))
        if (auto x = both(each); x[0] < 1 && x[1] < 1)
          found.push_back(std::move(x));
      return hypervolume(std::move(found), {1, 1});
    };
    won += volume_of(tpe_search()) > volume_of(random_search()) ? 1 : 0;
  });
  CHECK(won >= 9);
}

TEST_CASE("tpe: results that are known from elsewhere are learned from and not proposed again") {
  const search_space space = {{"a", integer(1, 5)}};
  const auto search = made(space, 1);
  search->on_known(config{{"a", 2}}, {1.0});

  std::vector<std::int64_t> proposed;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    const auto answer = search->ask({trial_id{i}});
    if (answer.proposals.empty()) {
      CHECK(answer.reason == "every point of the space was proposed");
      break;
    }
    proposed.push_back(answer.proposals[0].values.get<std::int64_t>("a"));
    search->on_created(trial_id{i}, answer.proposals[0].values);
    search->on_end(trial_id{i}, trial_outcome::completed, {0.0});
  }
  std::sort(proposed.begin(), proposed.end());
  CHECK(proposed == std::vector<std::int64_t>{1, 3, 4, 5});
}

TEST_CASE("tpe: each parameter by itself, if that is wanted") {
  tpe_search_options options;
  options.multivariate = false;
  const auto learned = run(*made(square, 1, options), 1, 100, [](const config& c) { return losses{bowl(c)}; });

  CHECK(bowl(*std::min_element(learned.begin(), learned.end(),
                               [](const config& a, const config& b) { return bowl(a) < bowl(b); })) < 0.002);
}

TEST_CASE("tpe: options have names, and every mistake is told") {
  const auto which = or_throw(searcher_named("tpe", R"({"good_share": 0, "startup_trials": -1, "seed": 4})"));
  const search_space space = {{"x", uniform(0, 1)}, {"g", grid({1, 2})}};

  CHECK(to_json(which) == R"({"name":"tpe","seed":4,"startup_trials":-1,"good_share":0.0})");
  CHECK(which.mistakes(space) ==
        std::vector<std::string>{"searcher tpe: startup_trials is -1, but must be 1 or more",
                                 "searcher tpe: good_share is 0, but must be above 0 and at most 1",
                                 "space: \"g\": searcher tpe crosses no grids; use choice or ordinal"});
  CHECK(searcher_named("tpe", R"({"gamma": 1})").error().message ==
        "searcher tpe: it has no option \"gamma\"; there is \"seed\", \"repeat\", \"startup_trials\", "
        "\"candidates\", \"good_share\", \"most_good\", \"multivariate\"");
}
