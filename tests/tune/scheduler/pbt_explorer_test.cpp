#include <cmath>
#include <cstdint>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/pbt_explorer.hpp"
#include "tune/search_space.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/domain_values.hpp"

using namespace tune;

namespace {

pbt_options only_moves() {
  pbt_options options;
  options.resample_probability = 0;
  return options;
}

/// All that comes of one value.
std::set<value> moves_of(const domain& what, const value& from, pbt_options options = only_moves()) {
  const pbt_explorer explorer(options, {{"x", what}});
  std::set<value> found;
  for (std::uint64_t i = 0; i < 200; ++i)
    found.insert(*explorer.near_to({{"x", from}}, chance(1, "test", i)).find("x"));
  return found;
}

using values = std::set<value>;

} // namespace

TEST_CASE("pbt explorer: a number is multiplied by one of the factors, and stays within its bounds") {
  CHECK(moves_of(uniform(0, 10), 5.0) == values{4.0, 6.0});
  CHECK(moves_of(log_uniform(1e-4, 1), 0.5) == values{0.4, 0.6});
  CHECK(moves_of(uniform(0, 10), 9.0) == values{9.0 * 0.8, 10.0});
  CHECK(moves_of(uniform(4.5, 10), 5.0) == values{4.5, 6.0});
  CHECK(moves_of(uniform(-10, 10), -5.0) == values{-4.0, -6.0});
  CHECK(moves_of(normal(0, 1), 5.0) == values{4.0, 6.0});

  auto one = only_moves();
  one.perturbation_factors = {2};
  CHECK(moves_of(uniform(0, 100), 5.0, one) == values{10.0});
}

TEST_CASE("pbt explorer: what has steps is put on one, and moves by one where rounding would keep it") {
  CHECK(moves_of(integer(1, 100), 10) == values{8, 12});
  CHECK(moves_of(integer(1, 100), 2) == values{1, 3}); // 1.6 and 2.4 are both 2.
  CHECK(moves_of(integer(1, 100), 1) == values{1, 2});
  CHECK(moves_of(integer(0, 8), 8) == values{6, 8});
  CHECK(moves_of(integer(-5, 5), 0) == values{-1, 1});
  CHECK(moves_of(integer(16, 256, 16), 64) == values{48, 80});
  CHECK(moves_of(log_integer(1, 1024), 100) == values{80, 120});
  CHECK(moves_of(quniform(0, 1, 0.25), 0.5) == values{0.25, 0.75});
  CHECK(moves_of(qnormal(0, 10, 5), 10.0) == values{5.0, 15.0});
}

TEST_CASE("pbt explorer: an ordinal moves to a neighbour, a choice is drawn anew, a constant stays") {
  CHECK(moves_of(ordinal({"s", "m", "l"}), "m") == values{"s", "l"});
  CHECK(moves_of(ordinal({"s", "m", "l"}), "l") == values{"m", "l"});
  CHECK(moves_of(choice({"relu", "tanh", "gelu"}), "relu") == values{"relu", "tanh", "gelu"});
  CHECK(moves_of(grid({1, 2, 3}), 2) == values{1, 3});
  CHECK(moves_of(domain(7), 7) == values{7});
  CHECK(moves_of(sample_from("f", [](const config&, chance& c) { return value(c.unit()); }), 0.5) == values{0.5});
}

TEST_CASE("pbt explorer: with the resample probability a value is drawn from its domain") {
  pbt_options options;
  options.resample_probability = 0.25;
  const pbt_explorer explorer(options, {{"x", uniform(0, 1000)}});
  int drawn = 0;
  constexpr int all = 4000;
  for (std::uint64_t i = 0; i < all; ++i) {
    const auto x = explorer.near_to({{"x", 500.0}}, chance(1, "test", i)).get<double>("x");
    drawn += x != 400 && x != 600;
  }
  CHECK(drawn / double{all} == doctest::Approx(0.25).epsilon(0.1));

  options.resample_probability = 1;
  CHECK(moves_of(integer(1, 3), 1, options) == values{1, 2, 3});
}

TEST_CASE("pbt explorer: only the parameters that were named change, functions among them") {
  auto options = only_moves();
  options.parameters = {"lr", "f"};
  options.resample_probability = 1;
  const pbt_explorer explorer(options,
                              {{"lr", uniform(0, 1)},
                               {"layers", integer(1, 100)},
                               {"f", sample_from("f", [](const config&, chance& c) { return value(c.unit()); })}});
  const config from{{"lr", 0.5}, {"layers", 10}, {"f", 0.5}};
  const auto to = explorer.near_to(from, chance(1, "test", 1));
  CHECK(to.get<int>("layers") == 10);
  CHECK(to.get<double>("lr") != 0.5);
  CHECK(to.get<double>("f") != 0.5);
}

TEST_CASE("pbt explorer: what becomes active is drawn, and what is not active any more is left out") {
  const search_space space = {{"optimizer", choice({"sgd", "adam"})},
                              {"momentum", uniform(0, 1).when("optimizer", "sgd")},
                              {"beta", uniform(0, 1).when("optimizer", "adam")}};
  const pbt_explorer explorer(only_moves(), space);
  values seen;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto to = explorer.near_to({{"optimizer", "sgd"}, {"momentum", 0.5}}, chance(1, "test", i));
    const bool is_sgd = to.get<std::string>("optimizer") == "sgd";
    seen.insert(is_sgd);
    CHECK(to.contains("momentum") == is_sgd);
    CHECK(to.contains("beta") == !is_sgd);
    if (is_sgd)
      CHECK(values{0.4, 0.6}.count(*to.find("momentum")) == 1);
  }
  CHECK(seen.size() == 2);
}

TEST_CASE("pbt explorer: constraints hold, and where nothing is found the values stay") {
  search_space space = {{"a", uniform(0, 10)}, {"b", uniform(0, 10)}};
  space.require("a < b", [](const config& c) { return c.get<double>("a") < c.get<double>("b"); });
  const pbt_explorer explorer({}, space);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto to = explorer.near_to({{"a", 5.0}, {"b", 5.5}}, chance(1, "test", i));
    CHECK(to.get<double>("a") < to.get<double>("b"));
  }

  search_space none = {{"a", uniform(0, 10)}};
  none.require("a is 5", [](const config& c) { return c.get<double>("a") == 5; });
  CHECK(pbt_explorer(only_moves(), none).near_to({{"a", 5.0}}, chance(1, "test", 1)) == config{{"a", 5.0}});
}

TEST_CASE("pbt explorer: from whatever values, again and again, all stays in the space; and it is the same again") {
  const search_space space = {{"u", uniform(-2, 3)},
                              {"q", quniform(0, 1, 0.1)},
                              {"l", log_uniform(1e-6, 1)},
                              {"ql", qlog_uniform(1, 1000, 1)},
                              {"n", normal(0, 2)},
                              {"i", integer(-3, 12, 3)},
                              {"li", log_integer(1, 4096)},
                              {"c", choice({"a", "b", 1})},
                              {"o", ordinal({1, 2, 4, 8})},
                              {"w", uniform(1, 2).when("c", {"a", 1})},
                              {"v", integer(0, 9).when("o", {1, 8})},
                              {"k", 5}};
  const auto drawn = random_search().make({space, 3, 1, 0});
  for_each_seed(40, [&](seed s) {
    const pbt_explorer explorer({}, space);
    auto at = drawn->ask({trial_id{s + 1}}).proposals.at(0).values;
    for (std::uint64_t i = 0; i < 50; ++i) {
      const auto next = explorer.near_to(at, chance(s, "test", i));
      REQUIRE(next == explorer.near_to(at, chance(s, "test", i)));
      for (const auto& each : space.parameters()) {
        bool is_active = true;
        for (const auto& condition : each.what.conditions()) {
          const auto* parent = next.find(condition.parameter);
          bool holds = false;
          for (const auto& x : condition.values)
            holds = holds || (parent != nullptr && *parent == x);
          is_active = is_active && holds;
        }
        REQUIRE_MESSAGE(next.contains(each.name) == is_active, each.name);
        if (is_active)
          REQUIRE_MESSAGE(fitted(each.what, *next.find(each.name)).has_value(), to_json(next));
      }
      at = next;
    }
  });
}
