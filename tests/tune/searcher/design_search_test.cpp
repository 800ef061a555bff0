#include "tune/searcher/design_search.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/searcher/shuffled_index.hpp"
#include "tune/searchers.hpp"

using namespace tune;

namespace {

using lines = std::vector<std::string>;

lines proposed(const searcher_choice& which, const searcher_setup& setup, std::uint64_t most) {
  lines all;
  const auto search = which.make(setup);
  for (std::uint64_t i = 1; i <= most; ++i) {
    const auto answer = search->ask({trial_id{setup.points + i}});
    if (answer.proposals.empty()) {
      all.push_back(answer.reason);
      break;
    }
    search->on_created(trial_id{setup.points + i}, answer.proposals.front().values);
    all.push_back(to_json(answer.proposals.front().values));
  }
  return all;
}

const search_space two_by_two = {{"a", grid({0.1, 0.2})}, {"b", grid({1, 2})}};

} // namespace

TEST_CASE("design search: grids are crossed, the last fastest, as often as there are samples") {
  for (const auto& which : {random_search(), sobol_search(), grid_search()}) {
    const searcher_setup setup{two_by_two, 1, 2, 0};
    CHECK(which.trials(setup) == 8);
    CHECK(proposed(which, setup, 20) == lines{R"({"a":0.1,"b":1})", R"({"a":0.1,"b":2})", R"({"a":0.2,"b":1})",
                                              R"({"a":0.2,"b":2})", R"({"a":0.1,"b":1})", R"({"a":0.1,"b":2})",
                                              R"({"a":0.2,"b":1})", R"({"a":0.2,"b":2})",
                                              "every point of the grid was proposed 2 times"});
  }
}

TEST_CASE("design search: more samples go on where fewer ended") {
  const auto fewer = proposed(random_search(), {two_by_two, 1, 1, 0}, 20);
  const auto more = proposed(random_search(), {two_by_two, 1, 3, 0}, 20);

  CHECK(fewer.back() == "every point of the grid was proposed");
  CHECK(std::equal(fewer.begin(), fewer.end() - 1, more.begin()));
  CHECK(more.size() == 13);
}

TEST_CASE("design search: the user's points come before the grid and take nothing from it") {
  const searcher_setup setup{two_by_two, 1, 1, 3};

  CHECK(random_search().trials(setup) == 7);
  CHECK(proposed(random_search(), setup, 20).size() == 5);
  CHECK(random_search().trials({{{"x", uniform(0, 1)}}, 1, 10, 3}) == 10);
  CHECK(random_search().trials({{{"x", uniform(0, 1)}}, 1, 2, 3}) == 3);
}

TEST_CASE("design search: user points do not eat points of a Sobol sequence") {
  const search_space space = {{"x", uniform(0, 1)}, {"y", uniform(0, 1)}};

  CHECK(proposed(sobol_search(), {space, 1, 10, 0}, 8) == proposed(sobol_search(), {space, 1, 10, 4}, 8));
}

TEST_CASE("design search: each cell of a grid has a Sobol sequence of its own, as even as without a grid") {
  const search_space space = {{"x", uniform(0, 1)}, {"g", grid({0, 1})}};
  for_each_seed(20, [&](seed s) {
    const auto search = sobol_search().make({space, s, 8, 0});
    std::map<int, std::set<int>> eighths;
    for (std::uint64_t i = 1; i <= 16; ++i) {
      const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
      eighths[values.get<int>("g")].insert(static_cast<int>(values.get<double>("x") * 8));
    }
    CHECK(eighths[0].size() == 8);
    CHECK(eighths[1].size() == 8);
  });
}

TEST_CASE("design search: conditions and constraints thin out a grid") {
  search_space space = {{"a", choice({1, 2})}, {"b", choice({1, 2, 3}).when("a", 2)}, {"k", domain(7).when("b", 1)}};
  space.require("b != 3", [](const config& c) { return c.get("b", 0) != 3; });

  CHECK(proposed(grid_search(), {space, 1, 1, 0}, 20) ==
        lines{R"({"a":1})", R"({"a":2,"b":1,"k":7})", R"({"a":2,"b":2})", "every point of the grid was proposed"});
}

TEST_CASE("design search: cells that a constraint leaves empty are left out, others keep it") {
  search_space space = {{"a", grid({0.0, 0.5, 2.0})}, {"x", uniform(0, 1)}};
  space.require("a < x", [](const config& c) { return c.get<double>("a") < c.get<double>("x"); });
  const searcher_setup setup{space, 1, 3, 0};

  CHECK(random_search().trials(setup) == 6);
  CHECK(proposed(random_search(), setup, 20).size() == 7);
}

TEST_CASE("design search: a shuffled grid has each point once in each round, in another order") {
  const search_space space = {{"a", integer(1, 10)}, {"b", integer(1, 10)}};
  auto plain = proposed(grid_search(), {space, 1, 1, 0}, 100);
  auto shuffled = proposed(grid_search({std::nullopt, /*shuffle=*/true}), {space, 1, 2, 0}, 200);

  CHECK(plain != lines(shuffled.begin(), shuffled.begin() + 100));
  CHECK(lines(shuffled.begin(), shuffled.begin() + 100) != lines(shuffled.begin() + 100, shuffled.end()));
  std::sort(plain.begin(), plain.end());
  std::sort(shuffled.begin(), shuffled.begin() + 100);
  std::sort(shuffled.begin() + 100, shuffled.end());
  CHECK(plain == lines(shuffled.begin(), shuffled.begin() + 100));
  CHECK(plain == lines(shuffled.begin() + 100, shuffled.end()));
}

TEST_CASE("shuffled index: a bijection for every count") {
  for (std::uint64_t count : {1u, 2u, 3u, 4u, 5u, 16u, 17u, 100u, 1000u}) {
    std::set<std::uint64_t> places;
    for (std::uint64_t i = 0; i < count; ++i)
      places.insert(shuffled_index(i, count, 42));
    CHECK(places.size() == count);
    CHECK(*places.rbegin() == count - 1);
  }
  CHECK(shuffled_index(12345, std::uint64_t{1} << 62, 1) < std::uint64_t{1} << 62);
}

TEST_CASE("design search: known results are not proposed again in a finite space") {
  const auto search = random_search().make({{{"x", choice({1, 2})}}, 1, 5, 0});
  search->on_known(config{{"x", 1}}, {0.5});

  const auto answer = search->ask({trial_id{1}, trial_id{2}});

  REQUIRE(answer.proposals.size() == 1);
  CHECK(answer.proposals.front().values == config{{"x", 2}});
  CHECK(answer.how == ask_outcome::exhausted);
  CHECK(answer.reason == "every point of the space was proposed");
}

TEST_CASE("design search: a constraint that holds for very few is satisfied all the same") {
  search_space space = {{"x", uniform(0, 1)}, {"y", uniform(0, 1)}};
  space.require("both high", [](const config& c) { return c.get<double>("x") > 0.97 && c.get<double>("y") > 0.97; });
  REQUIRE(mistakes_of(space).empty());

  for (const auto& each : proposed(sobol_search(), {space, 1, 50, 0}, 50))
    CHECK(each.find("0.9") != std::string::npos);
}

TEST_CASE("design search: what cannot be crossed is told with its place") {
  CHECK(grid_search().mistakes({{"x", uniform(0, 1)}, {"y", integer(1, 2)}, {"z", normal(0, 1)}}) ==
        lines{R"(space: "x": grid search needs finitely many values, but uniform(0, 1) has no end of them; )"
              "give it a step, list some with grid, or use random search",
              R"(space: "z": grid search needs finitely many values, but normal(0, 1) has no end of them; )"
              "give it a step, list some with grid, or use random search"});
  CHECK(random_search().mistakes({{"o", choice({"a", "b"})}, {"g", grid({1, 2}).when("o", "a")}}) ==
        lines{R"(space: "g": what is crossed can depend only on what is crossed, but "o" is choice({"a", "b"}); )"
              "make that a grid, or this a choice"});
  CHECK(grid_search().mistakes({{"o", choice({"a", "b"})}, {"g", grid({1, 2}).when("o", "a")}}).empty());
  CHECK(random_search().mistakes({{"o", "a"}, {"g", grid({1, 2}).when("o", "a")}}).empty());
  search_space large;
  for (int i = 0; i < 7; ++i)
    large.add("x" + std::to_string(i), grid(integer(1, 1000)));
  CHECK(random_search().mistakes(large) ==
        lines{"space: its grid has more points than can be counted; use random search"});
  search_space many = {{"a", integer(1, 2000)}, {"b", integer(1, 2000)}};
  CHECK(grid_search().mistakes(many).empty());
  many.require("a < b", [](const config& c) { return c.get<int>("a") < c.get<int>("b"); });
  CHECK(grid_search().mistakes(many) ==
        lines{"space: its grid has more than 1000000 points, which is too many with conditions or constraints; "
              "use random search"});
}

TEST_CASE("searchers: shown as JSON and made again from it") {
  for (const auto& which : {random_search(), random_search({7, true}), sobol_search({UINT64_MAX, false}), grid_search(),
                            grid_search({3, true}), halton_search({2, true}), latin_hypercube_search()})
    CHECK(to_json(or_throw(searcher_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(random_search({7, true})) == R"({"name":"random","seed":7,"repeat":true})");
  CHECK(to_json(sobol_search()) == R"({"name":"sobol"})");
  CHECK(or_throw(searcher_from_json("\"grid\"")).name() == "grid");
}

TEST_CASE("searchers: a name that there is not, and options that are wrong") {
  const auto why = [](const auto& r) { return r ? std::string("fine") : r.error().message; };
  CHECK(why(searcher_named("soboll")) == R"(searcher: there is no "soboll"; did you mean "sobol"?)");
  CHECK(why(searcher_named("x")) ==
        R"(searcher: there is no "x"; there is )"
        R"("auto", "bohb", "cma_es", "de", "dehb", "gp", "grid", "halton", "hyper_tune", "latin_hypercube", "nsga2", )"
        R"("random", "sobol", "tpe")");
  CHECK(why(searcher_named("random", R"({"sed": 1, "repeat": 3})")) ==
        "searcher random: repeat is 3, but must be true or false\n"
        "searcher random: it has no option \"sed\"; did you mean \"seed\"?");
  CHECK(why(searcher_named("grid", R"({"seed": -1})")) ==
        "searcher grid: seed is -1, but must be an integer that is not negative");
  CHECK(why(searcher_named("grid", "[")) == "searcher grid: its options must be a JSON object, but are [");
  CHECK(why(searcher_from_json("7")) == R"(searcher: a name, or an object with "name", is needed, but it is 7)");
}

TEST_CASE("searchers: a seed of their own goes before the experiment's") {
  const search_space space = {{"x", uniform(0, 1)}};

  CHECK(proposed(random_search({5, false}), {space, 1, 5, 0}, 5) == proposed(random_search(), {space, 5, 5, 0}, 5));
}
