#include "tune/searcher/bohb.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"

using namespace tune;

namespace {

const search_space line = {{"x", uniform(0, 1)}};

std::unique_ptr<searcher> made(const search_space& space, seed s, const bohb_search_options& options = {}) {
  return bohb_search(options).make({space, s, 1'000'000, 0});
}

bohb_search_options never_random() {
  bohb_search_options options;
  options.random_share = 0;
  return options;
}

double x_of(const asked& what) {
  return what.proposals.at(0).values.get<double>("x");
}

config at(double x) {
  config values;
  values.set("x", x);
  return values;
}

/// What it proposes for a trial, without that trial coming to be.
double proposed(searcher& search, std::uint64_t trial = 1'000) {
  return x_of(search.ask({trial_id{trial}}));
}

/// So many trials, evenly over the line, that report once, with this best place, and go on.
void reach(searcher& search, std::uint64_t first, int count, iteration_number iteration, double best) {
  for (int i = 0; i < count; ++i) {
    const trial_id trial{first + static_cast<std::uint64_t>(i)};
    const auto x = (i + 0.5) / count;
    search.on_created(trial, at(x));
    search.on_report(trial, iteration, {std::abs(x - best)});
  }
}

/// Of so many proposals the median.
double usual(searcher& search) {
  std::vector<double> all;
  for (std::uint64_t trial = 1'000; trial < 1'021; ++trial)
    all.push_back(proposed(search, trial));
  std::sort(all.begin(), all.end());
  return all[10];
}

} // namespace

TEST_CASE("bohb: it learns from the highest rung that enough trials have reached") {
  for_each_seed(10, [](seed s) {
    const auto search = made(line, s, never_random());
    reach(*search, 1, 30, 1, 0.9);
    CHECK(std::abs(usual(*search) - 0.9) < 0.2);

    reach(*search, 101, 9, 3, 0.2); // One too few.
    CHECK(usual(*search) > 0.6);

    reach(*search, 201, 9, 3, 0.2);
    CHECK(usual(*search) < 0.4);

    reach(*search, 301, 30, 27, 0.5); // Two rungs up.
    CHECK(std::abs(usual(*search) - 0.5) < 0.15);
  });
}

TEST_CASE("bohb: as many results are needed as there are parameters, and one more") {
  const auto space = cube(12);
  const auto search = made(space, 1, never_random());
  const auto sobol = sobol_search().make({space, 1, 1, 0});
  const auto told = [&](std::uint64_t trial) {
    const auto values = sobol->ask({trial_id{trial}}).proposals.at(0).values;
    search->on_created(trial_id{trial}, values);
    search->on_report(trial_id{trial}, 1, {static_cast<double>(trial)});
  };
  const auto next = [&](searcher& of) { return of.ask({trial_id{100}}).proposals.at(0).values; };

  for (std::uint64_t trial = 1; trial <= 12; ++trial)
    told(trial);
  CHECK(next(*search) == next(*sobol));

  told(13);
  CHECK(next(*search) != next(*sobol));
}

TEST_CASE("bohb: a share of the trials is not learned") {
  const auto search = made(line, 7);
  const auto sobol = sobol_search().make({line, 7, 1, 0});
  reach(*search, 1, 30, 1, 0.9);

  int same = 0;
  for (std::uint64_t trial = 1'000; trial < 1'400; ++trial)
    same += proposed(*search, trial) == proposed(*sobol, trial) ? 1 : 0;

  CHECK(same > 50);
  CHECK(same < 110); // 80 of 400.
}

TEST_CASE("bohb: a result with no number does not make a rung learned from") {
  const auto search = made(line, 1, never_random());
  reach(*search, 1, 30, 1, 0.9);
  reach(*search, 101, 30, 3, std::numeric_limits<double>::quiet_NaN());

  CHECK(std::abs(usual(*search) - 0.9) < 0.2);
}

TEST_CASE("bohb: a report beyond several rungs counts at the highest of them") {
  const auto search = made(line, 1, never_random());
  reach(*search, 1, 30, 10, 0.2);  // Rung 9, and neither 1 nor 3.
  reach(*search, 101, 9, 30, 0.7); // Rung 27: too few.

  CHECK(std::abs(usual(*search) - 0.2) < 0.15);
  for (int i = 0; i < 9; ++i)
    search->on_report(trial_id{101 + static_cast<std::uint64_t>(i)}, 31, {0.0});
  CHECK(usual(*search) < 0.35);
  reach(*search, 201, 1, 30, 0.7);
  CHECK(usual(*search) > 0.5); // The tenth: no trial counts twice at a rung.
}

TEST_CASE("bohb: trials that stopped say nothing of rungs above, and one that failed is bad at the next") {
  const auto search = made(line, 1, never_random());
  reach(*search, 1, 30, 1, 0.9);
  reach(*search, 40, 1, 3, 0.5); // The rung above is there when they stop.
  for (std::uint64_t trial = 1; trial <= 30; ++trial)
    search->on_end(trial_id{trial}, trial_outcome::stopped, {0});

  SUBCASE("they are not pending at rungs above") {
    reach(*search, 101, 12, 3, 0.5);
    const auto fresh = made(line, 1, never_random());
    reach(*fresh, 40, 1, 3, 0.5);
    reach(*fresh, 101, 12, 3, 0.5);
    CHECK(proposed(*search) == proposed(*fresh));
  }
  SUBCASE("a failure on the way") {
    const auto fails = [&](trial_outcome how) {
      const auto one = made(line, 1, never_random());
      reach(*one, 1, 30, 1, 0.9);
      for (std::uint64_t trial = 51; trial <= 80; ++trial) {
        one->on_created(trial_id{trial}, at(0.9));
        one->on_end(trial_id{trial}, how, {});
      }
      return usual(*one);
    };
    CHECK(std::abs(fails(trial_outcome::ignored) - 0.9) < 0.2);
    CHECK(std::abs(fails(trial_outcome::failed) - 0.9) > std::abs(fails(trial_outcome::ignored) - 0.9));
  }
}

TEST_CASE("bohb: a trial that completes below the first rung counts there") {
  auto options = never_random();
  options.grace_period = 5;
  const auto search = made(line, 1, options);
  const auto sobol = sobol_search().make({line, 1, 1, 0});
  for (std::uint64_t trial = 1; trial <= 10; ++trial) {
    search->on_created(trial_id{trial}, at(static_cast<double>(trial) / 10));
    search->on_report(trial_id{trial}, 4, {1.0});
  }
  CHECK(proposed(*search) == proposed(*sobol));

  for (std::uint64_t trial = 1; trial <= 10; ++trial)
    search->on_end(trial_id{trial}, trial_outcome::completed, {static_cast<double>(trial)});
  CHECK(proposed(*search) != proposed(*sobol));
}

TEST_CASE("bohb: no point of a finite space is proposed twice, at whatever rungs it was seen") {
  const search_space space = {{"a", integer(1, 5)}, {"b", choice({1, 2, 3, 4, 5, 6})}};
  const auto search = made(space, 3);
  std::set<std::string> seen;
  for (std::uint64_t i = 1; i <= 30; ++i) {
    const trial_id trial{i};
    const auto values = search->ask({trial}).proposals.at(0).values;
    REQUIRE(seen.insert(to_json(values)).second);
    search->on_created(trial, values);
    for (iteration_number at = 1; at <= static_cast<iteration_number>(i); at *= 3)
      search->on_report(trial, at, {static_cast<double>(values.get<int>("a") + values.get<int>("b"))});
    search->on_end(trial, i % 4 == 0 ? trial_outcome::stopped : trial_outcome::completed, {1.0});
  }

  CHECK(search->ask({trial_id{31}}).how == ask_outcome::exhausted);
}

TEST_CASE("bohb: known results are enough to learn from") {
  const auto search = made(line, 1, never_random());
  for (int i = 0; i < 30; ++i)
    search->on_known(at(i / 30.0), {std::abs(i / 30.0 - 0.2)});

  CHECK(usual(*search) < 0.4);
}

TEST_CASE("bohb: a rung beyond all iterations is none") {
  auto options = never_random();
  options.reduction_factor = 1e6;
  REQUIRE(bohb_search(options).mistakes(line).empty());
  const auto search = made(line, 1, options);
  reach(*search, 1, 30, 1'000'000, 0.2);

  CHECK(std::abs(usual(*search) - 0.2) < 0.2);
  options.reduction_factor = std::numeric_limits<double>::infinity();
  CHECK(bohb_search(options).mistakes(line).size() == 1);
}

TEST_CASE("bohb: known results count at every rung") {
  const auto search = made(line, 1, never_random());
  reach(*search, 1, 30, 1, 0.9);
  for (int i = 0; i < 30; ++i)
    search->on_known(at(0.1 + i / 1000.0), {-1});
  CHECK(usual(*search) < 0.3);

  reach(*search, 101, 12, 3, 0.9); // A rung that is opened later.
  CHECK(usual(*search) < 0.3);
}

TEST_CASE("bohb: options out of range are told by their names") {
  bohb_search_options wrong;
  wrong.grace_period = 0;
  wrong.reduction_factor = 1;
  wrong.random_share = 1.5;
  wrong.candidates = 0;
  wrong.good_share = 0;

  CHECK(bohb_search(wrong).mistakes(line) ==
        std::vector<std::string>{"searcher bohb: grace_period is 0, but must be 1 or more",
                                 "searcher bohb: reduction_factor is 1, but must be 1.5 to 1000000",
                                 "searcher bohb: random_share is 1.5, but must be 0 to 1",
                                 "searcher bohb: candidates is 0, but must be 1 to 10000",
                                 "searcher bohb: good_share is 0, but must be above 0 and at most 1"});
}

TEST_CASE("bohb: options go to JSON and back") {
  bohb_search_options options;
  options.seed = 4;
  options.grace_period = 2;
  options.reduction_factor = 4;
  options.random_share = 0.5;
  options.candidates = 7;
  options.good_share = 0.25;
  const auto choice = bohb_search(options);

  const auto again = searcher_from_json(to_json(choice));

  REQUIRE(again);
  CHECK(again->name() == "bohb");
  CHECK(again->options() == choice.options());
  CHECK(choice.options() ==
        R"({"seed":4,"grace_period":2,"reduction_factor":4.0,"random_share":0.5,"candidates":7,"good_share":0.25})");
}
