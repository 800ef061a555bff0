#include "tune/searcher/automatic_search.hpp"

#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/tune/searcher/searches_for_test.hpp"
#include "tune/searchers.hpp"

using namespace tune;

namespace {

std::unique_ptr<searcher> made(const search_space& space, std::size_t objectives = 1) {
  return auto_search().make({space, 1, 1'000, 0, objectives});
}

void end(searcher& search, trial_id trial, const config& values, double loss) {
  search.on_created(trial, values);
  search.on_end(trial, trial_outcome::completed, {loss});
}

config asked_for(searcher& search, std::uint64_t trial) {
  return search.ask({trial_id{trial}}).proposals.at(0).values;
}

/// Which of the searchers proposes this trial, after so many that chance proposed.
std::string who_proposes(std::uint64_t trial, std::uint64_t ended, const search_space& space,
                         const std::function<double(const config&)>& loss) {
  const auto by_chance = random_search().make({space, 7, 1'000, 0});
  const auto search = made(space);
  std::vector<std::pair<std::string, std::unique_ptr<searcher>>> others;
  for (const auto* name : {"gp", "tpe", "sobol"})
    others.emplace_back(name, or_throw(searcher_named(name)).make({space, 1, 1'000, 0}));
  for (std::uint64_t i = 1; i <= ended; ++i) {
    const auto values = asked_for(*by_chance, i);
    end(*search, trial_id{i}, values, loss(values));
    for (auto& each : others)
      end(*each.second, trial_id{i}, values, loss(values));
  }
  const auto proposed = asked_for(*search, trial);
  for (auto& each : others)
    if (asked_for(*each.second, trial) == proposed)
      return each.first;
  return "nobody";
}

} // namespace

TEST_CASE("auto: gp and tpe propose by turns, and one trial in twenty is Sobol's") {
  CHECK(who_proposes(31, 30, square, bowl) == "gp");
  CHECK(who_proposes(32, 31, square, bowl) == "gp");
  CHECK(who_proposes(33, 32, square, bowl) == "tpe");
  CHECK(who_proposes(40, 39, square, bowl) == "sobol");
}

TEST_CASE("auto: after as many trials as a model holds it is tpe alone") {
  CHECK(who_proposes(254, 249, square, bowl) == "gp");
  CHECK(who_proposes(254, 250, square, bowl) == "tpe");
}

TEST_CASE("auto: where most parameters are choices or conditional tpe proposes more often") {
  const search_space space = {
    {"c", choice({"a", "b", "c"})}, {"x", uniform(0, 1).when("c", "a")}, {"y", uniform(0, 1)}};
  const auto loss = [](const config& c) { return c.get<double>("y"); };
  CHECK(who_proposes(31, 30, space, loss) == "tpe");
  CHECK(who_proposes(32, 31, space, loss) == "tpe");
  CHECK(who_proposes(33, 32, space, loss) == "gp");
}

TEST_CASE("auto: where trials are stopped or paused after very different numbers of iterations it is bohb") {
  const auto proposes = [](iteration_number shortest, bool pauses) {
    const auto search = made(square);
    const auto other = bohb_search().make({square, 1, 1'000, 0});
    const auto by_chance = random_search().make({square, 7, 1'000, 0});
    for (std::uint64_t i = 1; i <= 30; ++i) {
      const auto values = asked_for(*by_chance, i);
      const bool is_brief = i % 3 == 0;
      for (auto* each : {search.get(), other.get()}) {
        each->on_created(trial_id{i}, values);
        each->on_report(trial_id{i}, is_brief ? shortest : 81, {bowl(values)});
        if (is_brief && pauses)
          each->on_paused(trial_id{i});
        else
          each->on_end(trial_id{i}, is_brief ? trial_outcome::stopped : trial_outcome::completed, {bowl(values)});
      }
    }
    return asked_for(*search, 31) == asked_for(*other, 31);
  };
  CHECK(proposes(40, /*pauses=*/false));
  CHECK_FALSE(proposes(41, /*pauses=*/false));
  CHECK(proposes(40, /*pauses=*/true));
  CHECK_FALSE(proposes(41, /*pauses=*/true));
}

TEST_CASE("auto: trials that ran to their own ends are not stopped early, however short they were") {
  const auto search = made(square);
  const auto by_gp = gp_search().make({square, 1, 1'000, 0});
  const auto by_chance = random_search().make({square, 7, 1'000, 0});
  for (std::uint64_t i = 1; i <= 30; ++i) {
    const auto values = asked_for(*by_chance, i);
    for (auto* each : {search.get(), by_gp.get()}) {
      each->on_created(trial_id{i}, values);
      each->on_report(trial_id{i}, i % 3 == 0 ? 1 : 81, {bowl(values)});
      each->on_end(trial_id{i}, trial_outcome::completed, {bowl(values)});
    }
  }

  CHECK(asked_for(*search, 31) == asked_for(*by_gp, 31));
}

TEST_CASE("auto: after many trials it stays with bohb, or without") {
  const auto proposed_by = [](bool are_stopped) {
    const auto search = made(square);
    const auto by_bohb = bohb_search().make({square, 1, 1'000, 0}), by_tpe = tpe_search().make({square, 1, 1'000, 0});
    const auto by_chance = random_search().make({square, 7, 1'000, 0});
    for (std::uint64_t i = 1; i <= 600; ++i) {
      const auto values = asked_for(*by_chance, i);
      const bool is_brief = i % 2 == 0 && (i > 250) != are_stopped; // What comes later is the other way round.
      for (auto* each : {search.get(), by_bohb.get(), by_tpe.get()}) {
        each->on_created(trial_id{i}, values);
        each->on_report(trial_id{i}, is_brief ? 1 : 81, {bowl(values)});
        each->on_end(trial_id{i}, is_brief ? trial_outcome::stopped : trial_outcome::completed, {bowl(values)});
      }
    }
    const auto proposed = asked_for(*search, 601);
    return proposed == asked_for(*by_bohb, 601) ? "bohb" : proposed == asked_for(*by_tpe, 601) ? "tpe" : "nobody";
  };

  CHECK(proposed_by(/*are_stopped=*/true) == std::string("bohb"));
  CHECK(proposed_by(/*are_stopped=*/false) == std::string("tpe"));
}

TEST_CASE("auto: bohb proposes as soon as the first trials are paused, as hardly one of them will end") {
  const auto search = made(square);
  const auto other = bohb_search().make({square, 1, 1'000, 0});
  const auto by_chance = random_search().make({square, 7, 1'000, 0});
  for (std::uint64_t i = 1; i <= 12; ++i) {
    const auto values = asked_for(*by_chance, i);
    for (auto* each : {search.get(), other.get()}) {
      each->on_created(trial_id{i}, values);
      for (const iteration_number length : {1, 3})
        if (i <= 4 || length == 1)
          each->on_report(trial_id{i}, length, {bowl(values)});
      each->on_paused(trial_id{i});
    }
  }

  CHECK(asked_for(*search, 13) == asked_for(*other, 13));
}

TEST_CASE("auto: several objectives are tpe's, and nsga2's when there were many trials") {
  const auto search = made(square, 2);
  const auto by_tpe = tpe_search().make({square, 1, 1'000, 0, 2});
  nsga2_search_options near;
  near.children = nsga2_search_options::variation::simulated_binary;
  const auto by_nsga2 = nsga2_search(near).make({square, 1, 1'000, 0, 2});
  const auto by_chance = random_search().make({square, 7, 1'000, 0});
  for (std::uint64_t i = 1; i <= 500; ++i) {
    if (i == 31 || i == 500) {
      const auto proposed = asked_for(*search, 511);
      CHECK(proposed == asked_for(*by_tpe, 511));
      CHECK(proposed != asked_for(*by_nsga2, 511));
    }
    const auto values = asked_for(*by_chance, i);
    for (auto* each : {search.get(), by_tpe.get(), by_nsga2.get()}) {
      each->on_created(trial_id{i}, values);
      each->on_end(trial_id{i}, trial_outcome::completed, {bowl(values), 1 - bowl(values)});
    }
  }
  CHECK(search->abilities().several_objectives);
  CHECK(asked_for(*search, 511) == asked_for(*by_nsga2, 511));
  CHECK(asked_for(*search, 520) == asked_for(*sobol_search().make({square, 1, 1'000, 0}), 520));
}

TEST_CASE("auto: after many trials, too, a batch is what would be proposed one by one") {
  const search_space space = {
    {"c", choice({1, 2, 3})},
    {"x", integer(1, 400)},
    {"drawn",
     sample_from("drawn", [](const config&, chance& random) { return value(random.unit()); })}, // No end of it.
  };
  const auto at_once = made(space, 2);
  const auto one_by_one = made(space, 2);
  const auto by_chance = random_search().make({space, 7, 1'000, 0});
  for (std::uint64_t i = 1; i <= 500; ++i) {
    const auto values = asked_for(*by_chance, i);
    for (auto* each : {at_once.get(), one_by_one.get()}) {
      each->on_created(trial_id{i}, values);
      each->on_end(trial_id{i}, trial_outcome::completed,
                   {values.get<double>("x"), std::abs(values.get<double>("x") - 20) + values.get<double>("c")});
    }
  }
  std::vector<trial_id> next;
  for (std::uint64_t i = 501; i <= 600; ++i)
    next.emplace_back(i);
  for (const auto& each : at_once->ask(next).proposals) {
    CHECK(each.values == asked_for(*one_by_one, each.trial.value));
    one_by_one->on_created(each.trial, each.values);
  }
}

TEST_CASE("auto: a grid is gone through as by random search") {
  const search_space space = {{"g", grid({1, 2, 3})}, {"x", uniform(0, 1)}};
  const auto search = auto_search().make({space, 1, 2, 0});
  const auto other = random_search().make({space, 1, 2, 0});

  CHECK(auto_search().mistakes(space).empty());
  CHECK(auto_search().trials({space, 1, 2, 0}) == 6);
  CHECK_FALSE(search->abilities().learns);
  for (std::uint64_t i = 1; i <= 6; ++i)
    CHECK(asked_for(*search, i) == asked_for(*other, i));
  CHECK(search->ask({trial_id{7}}).reason == "every point of the grid was proposed 2 times");
}

TEST_CASE("auto: it says what it chose, and why") {
  CHECK(made(square)->explanation() ==
        "tpe and twice as often gp by turns, as 0 of 2 parameters are choices or conditional; tpe alone after 250 "
        "trials; bohb where many trials are stopped or paused early; one trial in 20 is of a Sobol search, lest models "
        "are misled");
  CHECK(made({{"c", choice({1, 2, 3})}})->explanation().substr(0, 82) ==
        "gp and twice as often tpe by turns, as 1 of 1 parameters is choices or conditional");
  CHECK(made(square, 3)->explanation() == "tpe, as there are 3 objectives; nsga2 after 500 trials; one trial in 20 is "
                                          "of a Sobol search, lest models are misled");
  CHECK(made({{"g", grid({1, 2})}})->explanation() == "random in each cell of the grid, as the space has grids");
  CHECK(made({{"k", 1}})->explanation() == "nothing, as there is nothing to choose in the space");
}

TEST_CASE("auto: options have names") {
  const auto which = or_throw(searcher_named("auto", R"({"seed": 4, "repeat": true})"));

  CHECK(to_json(which) == R"({"name":"auto","seed":4,"repeat":true})");
  CHECK(searcher_named("auto", R"({"startup": 1})").error().message ==
        "searcher auto: it has no option \"startup\"; there is \"seed\", \"repeat\"");
  CHECK(which.make({{{"x", choice({1, 2})}}, 1, 1, 0})->abilities().learns);
}
