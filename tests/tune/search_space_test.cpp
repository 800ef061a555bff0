#include "tune/search_space.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using lines = std::vector<std::string>;

const auto nan_ = std::numeric_limits<double>::quiet_NaN();
const auto inf = std::numeric_limits<double>::infinity();

/// The mistakes of one parameter "x".
lines about(const domain& x) {
  return mistakes_of({{"x", x}});
}

std::string only(const lines& all) {
  REQUIRE(all.size() == 1);
  return all.front();
}

} // namespace

TEST_CASE("search space: values of every type stand for themselves") {
  const search_space space = {{"a", 1}, {"b", 0.5}, {"c", "text"}, {"d", true}, {"e", value::list{1, 2}}};

  CHECK(mistakes_of(space).empty());
  CHECK(to_json(space) == R"({"a":1,"b":0.5,"c":"text","d":true,"e":[1,2]})");
}

TEST_CASE("search space: a space with a single parameter, and one of texts, read as what they look like") {
  search_space space;
  space = {{"a", "x"}};
  CHECK(to_json(space) == R"({"a":"x"})");
  space = {{"a", "x"}, {"b", "y"}};
  CHECK(to_json(space) == R"({"a":"x","b":"y"})");
  space = {{"a", tune::grid({0.1, 0.2})}, {"b", tune::grid({1, 2})}};
  CHECK(to_json(space) == R"({"a":{"grid":[0.1,0.2]},"b":{"grid":[1,2]}})");
}

TEST_CASE("search space: a group's names begin with its own, and so do its conditions") {
  const search_space space = {
    {"model", choice({"mlp", "tree"})},
    {"mlp", domain(search_space{{"optimizer", choice({"sgd", "adam"})},
                                {"momentum", uniform(0, 1).when("optimizer", "sgd")},
                                {"inner", search_space{{"x", 1}}}})
              .when("model", "mlp")},
  };

  CHECK(mistakes_of(space).empty());
  CHECK(to_json(space) == R"({"model":{"choice":["mlp","tree"]},)"
                          R"("mlp/optimizer":{"choice":["sgd","adam"],"when":{"model":"mlp"}},)"
                          R"("mlp/momentum":{"uniform":[0.0,1.0],"when":{"model":"mlp","mlp/optimizer":"sgd"}},)"
                          R"("mlp/inner/x":{"choice":[1],"when":{"model":"mlp"}}})");
}

TEST_CASE("search space: what is said about it in the guide") {
  search_space space = {
    {"lr", log_uniform(0, 0.1)},
    {"optimizer", choice({"sgd", "adam"})},
    {"momentum", uniform(0, 0.99).when("optimiser", "sgd")},
  };

  CHECK(
    mistakes_of(space) ==
    lines{
      R"(space: "lr": log scale needs low > 0, but low is 0; use for example 1e-6)",
      R"(space: "momentum": its condition names "optimiser", which is not a parameter; did you mean "optimizer"?)"});
}

TEST_CASE("search space: ranges of numbers that cannot be") {
  CHECK(only(about(uniform(2, 1))) == R"(space: "x": its range is empty: low 2 is above high 1; swap them)");
  CHECK(about(uniform(1, 1)).empty());
  CHECK(about(uniform(nan_, inf)) == lines{R"(space: "x": low is nan, which is not a finite number)",
                                           R"(space: "x": high is inf, which is not a finite number)"});
  CHECK(only(about(uniform(-1e308, 1e308))) == R"(space: "x": its range -1e+308 to 1e+308 is too wide)");
  CHECK(only(about(log_uniform(-1, 1))) ==
        R"(space: "x": log scale needs low > 0, but low is -1; use for example 1e-6)");
  CHECK(only(about(log_uniform(0, 1e-7))) ==
        R"(space: "x": log scale needs low > 0, but low is 0; use for example 1e-10)");
  CHECK(about(log_uniform(0, -1)) == lines{R"(space: "x": log scale needs low > 0, but low is 0; use for example 1e-6)",
                                           R"(space: "x": its range is empty: low 0 is above high -1; swap them)"});
}

TEST_CASE("search space: steps that cannot be") {
  CHECK(only(about(quniform(0, 1, 0.3))) ==
        R"(space: "x": step 0.3 does not divide its range 0 to 1; use for example high 0.9)");
  CHECK(about(quniform(0, 0.9, 0.3)).empty()); // Although 3 * 0.3 is not 0.9.
  CHECK(about(quniform(-0.3, 0.6, 0.1)).empty());
  CHECK(only(about(quniform(0, 1, 2))) == R"(space: "x": step 2 is larger than its range 0 to 1; use a smaller one)");
  CHECK(only(about(quniform(0, 1, 0))) == R"(space: "x": step is 0, but it must be above 0)");
  CHECK(only(about(quniform(0, 1, -1))) == R"(space: "x": step is -1, but it must be above 0)");
  CHECK(only(about(quniform(0, 1, nan_))) == R"(space: "x": step is nan, but it must be above 0)");
  CHECK(only(about(quniform(0, 1, 1e-18))) ==
        R"(space: "x": step 1e-18 is too small for its range 0 to 1; leave it out)");
  CHECK(only(about(qlog_uniform(0.01, 1.01, 0.1))) ==
        R"(space: "x": log scale in steps of 0.1 needs low > 0.05, but low is 0.01; use for example low 0.1)");
}

TEST_CASE("search space: integers that cannot be") {
  CHECK(only(about(integer(3, 1))) == R"(space: "x": its range is empty: low 3 is above high 1; swap them)");
  CHECK(only(about(integer(0, 10, 3))) ==
        R"(space: "x": step 3 does not divide its range 0 to 10; use for example high 9)");
  CHECK(only(about(integer(0, 2, 3))) == R"(space: "x": step 3 is larger than its range 0 to 2; use a smaller one)");
  CHECK(only(about(integer(0, 2, 0))) == R"(space: "x": step is 0, but it must be at least 1)");
  CHECK(only(about(log_integer(0, 2))) == R"(space: "x": log scale needs low > 0, but low is 0; use for example 1)");
  CHECK(only(about(log_integer(1, 9, 2))) ==
        R"(space: "x": log scale in steps of 2 needs low > 1, but low is 1; use for example low 2)");
  CHECK(about(log_integer(1, std::int64_t{1} << 53)).empty());
  CHECK(only(about(log_integer(1, (std::int64_t{1} << 53) + 1))) ==
        R"(space: "x": log scale needs high <= 9007199254740992, but high is 9007199254740993; )"
        "use a linear scale or a smaller high");
  CHECK(about(integer(0, INT64_MAX - 1)).empty());
  CHECK(only(about(integer(-1, INT64_MAX))) == R"(space: "x": its range -1 to 9223372036854775807 is too wide; )"
                                               "at most 9223372036854775807 values can be counted");
}

TEST_CASE("search space: normal distributions that cannot be") {
  CHECK(only(about(normal(0, 0))) == R"(space: "x": its standard deviation is 0, but it must be above 0)");
  CHECK(only(about(normal(inf, 1))) == R"(space: "x": mean is inf, which is not a finite number)");
  CHECK(only(about(qnormal(0, 1, 0))) == R"(space: "x": step is 0, but it must be above 0)");
}

TEST_CASE("search space: lists of values that cannot be") {
  CHECK(only(about(choice(std::vector<value>()))) == R"(space: "x": choice over nothing; give it at least one value)");
  CHECK(only(about(grid(std::vector<value>()))) == R"(space: "x": grid over nothing; give it at least one value)");
  CHECK(about(choice({"a", "b", "a", "b", "a"})) == lines{R"(space: "x": choice has "a" twice; each value once)",
                                                          R"(space: "x": choice has "b" twice; each value once)"});
  CHECK(about(choice({1, 1.0, true, "1"})).empty()); // Four types, four values.
  CHECK(only(about(ordinal({1.0, nan_}))) == R"(space: "x": its value number 2 is not a finite number)");
  CHECK(only(about(choice({value::list{inf}}))) == R"(space: "x": its value number 1 is not a finite number)");
  CHECK(only(about(domain(nan_))) == R"(space: "x": its value is not a finite number)");
}

TEST_CASE("search space: a grid over a domain has its values, or says why not") {
  CHECK(to_json(search_space{{"x", grid(integer(1, 3))}}) == R"({"x":{"grid":[1,2,3]}})");
  CHECK(to_json(search_space{{"x", grid(quniform(0, 1, 0.5))}}) == R"({"x":{"grid":[0.0,0.5,1.0]}})");
  CHECK(to_json(search_space{{"y", 1}, {"x", grid(integer(1, 2).when("y", 1))}}) ==
        R"({"y":1,"x":{"grid":[1,2],"when":{"y":1}}})");
  CHECK(only(about(grid(uniform(0, 1)))) ==
        R"(space: "x": grid over uniform(0, 1), which has no end of values; list some, or give it a step)");
  CHECK(only(about(grid(integer(0, 5'000'000)))) ==
        R"(space: "x": grid over 5000001 values; at most 1000000 can be crossed)");
  CHECK(only(about(grid(quniform(0, 1, 0)))) == R"(space: "x": step is 0, but it must be above 0)");
}

TEST_CASE("search space: names that cannot be") {
  CHECK(mistakes_of({{"a", 1}, {"b", 1}, {"a", 2}, {"a", 3}}) == lines{R"(space: "a": two parameters have this name)"});
  CHECK(mistakes_of({{"a/b", 1}, {"a", 2}}) ==
        lines{R"(space: "a/b": "a" cannot be a parameter and a group; rename one)"});
  CHECK(mistakes_of({{"", 1}}) == lines{R"(space: "": a parameter without a name)"});
  const auto parts = "each part of a name between slashes needs at least one character";
  CHECK(mistakes_of({{"/a", 1}, {"b/", 1}, {"c//d", 1}}) == lines{std::string(R"(space: "/a": )") + parts,
                                                                  std::string(R"(space: "b/": )") + parts,
                                                                  std::string(R"(space: "c//d": )") + parts});
  CHECK(mistakes_of({{"require", 1}}) ==
        lines{R"(space: "require": this name stands for the constraints; use another)"});
}

TEST_CASE("search space: conditions that cannot be") {
  CHECK(mistakes_of({{"a", uniform(0, 1).when("b", 1)}, {"b", choice({1, 2})}}) ==
        lines{R"(space: "a": its condition names "b", which comes after it; put "b" first)"});
  CHECK(mistakes_of({{"a", uniform(0, 1).when("a", 1)}}) == lines{R"(space: "a": its condition names itself)"});
  CHECK(mistakes_of({{"b", choice({"x", "y"})}, {"a", uniform(0, 1).when("b", {"x", "z"})}}) ==
        lines{R"(space: "a": its condition on "b" can never hold: "z" is not one of "x", "y")"});
  CHECK(mistakes_of({{"b", integer(1, 3)}, {"a", uniform(0, 1).when("b", 4)}}) ==
        lines{R"(space: "a": its condition on "b" can never hold: 4 is above high 3)"});
  CHECK(mistakes_of({{"b", choice({1})}, {"a", uniform(0, 1).when("b", std::vector<value>())}}) ==
        lines{R"(space: "a": its condition names no value of "b")"});
  CHECK(mistakes_of({{"width", 1}, {"layers", 2}, {"a", uniform(0, 1).when("gpu", 1)}}) ==
        lines{R"(space: "a": its condition names "gpu", which is not a parameter; there is "width", "layers", "a")"});
  CHECK(mistakes_of({{"b", quniform(0, 1, 0.5)}, {"a", uniform(0, 1).when("b", 1)}}).empty()); // 1 is 1.0 there.
}

TEST_CASE("search space: constraints and functions that can never be satisfied are found") {
  search_space finite = {{"a", choice({1, 2})}};
  finite.require("a > 2", [](const config& c) { return c.get<int>("a") > 2; });
  CHECK(mistakes_of(finite) == lines{R"(space: none of its points can be tried: "a > 2" does not hold)"});

  search_space endless = {{"a", uniform(0, 1)}};
  endless.require("a > 2", [](const config& c) { return c.get<double>("a") > 2; });
  CHECK(mistakes_of(endless) ==
        lines{R"(space: none of 10000 draws can be tried; of the last: "a > 2" does not hold)"});

  search_space throwing = {{"a", uniform(0, 1)}};
  throwing.require("b", [](const config& c) { return c.get<bool>("b"); });
  CHECK(only(mistakes_of(throwing)).find(R"("b" threw: )") != std::string::npos);

  CHECK(only(about(sample_from([](const config&, chance&) -> value { throw std::runtime_error("no luck"); })))
          .find(R"("x": sample_from threw: std::runtime_error: no luck)") != std::string::npos);
  CHECK(only(about(sample_from(nullptr))) == R"(space: "x": sample_from without a function)");
  search_space without;
  without.require("nothing", nullptr);
  CHECK(mistakes_of(without) == lines{R"(space: constraint "nothing" has no predicate)"});
}

TEST_CASE("search space: a rare point of a finite space is enough") {
  search_space space = {{"a", integer(1, 100)}, {"b", integer(1, 100)}, {"c", integer(1, 10)}};
  space.require("the last", [](const config& c) {
    return c.get<int>("a") == 100 && c.get<int>("b") == 100 && c.get<int>("c") == 10;
  });

  CHECK(mistakes_of(space).empty());
}

TEST_CASE("search space: a group's constraint sees the group's parameters by their own names") {
  search_space net = {{"width", choice({10, 100})}};
  net.require("width < 50", [](const config& c) { return c.size() == 1 && c.get<int>("width") < 50; });
  const search_space space = {{"lr", uniform(0, 1)}, {"net", net}};

  CHECK(mistakes_of(space).empty());
  CHECK(to_json(space) ==
        R"({"lr":{"uniform":[0.0,1.0]},"net/width":{"choice":[10,100]},"require":["net: width < 50"]})");
}

TEST_CASE("search space: every mistake at once") {
  const search_space space = {
    {"a", uniform(2, 1)}, {"a", choice(std::vector<value>())}, {"b", integer(0, 10, 3).when("c", 1)}};

  CHECK(mistakes_of(space) ==
        lines{R"(space: "a": two parameters have this name)",
              R"(space: "a": its range is empty: low 2 is above high 1; swap them)",
              R"(space: "a": choice over nothing; give it at least one value)",
              R"(space: "b": step 3 does not divide its range 0 to 10; use for example high 9)",
              R"(space: "b": its condition names "c", which is not a parameter; there is "a", "b")"});
}
