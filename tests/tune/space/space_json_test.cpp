#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tune/search_space.hpp"

using namespace tune;

namespace {

using lines = std::vector<std::string>;

lines mistakes_in(const std::string& json) {
  return space_from_json(json).mistakes;
}

search_space one_of_each() {
  return {
    {"lr", log_uniform(1e-5, 1e-1)},
    {"dropout", uniform(0, 0.5)},
    {"q", quniform(0, 1, 0.25)},
    {"ql", qlog_uniform(1e-4, 1e-1, 1e-4)},
    {"n", normal(0, 1)},
    {"qn", qnormal(0, 1, 0.5)},
    {"layers", integer(1, 3)},
    {"even", integer(2, 10, 2)},
    {"width", log_integer(16, 256)},
    {"widths", log_integer(16, 256, 16)},
    {"most", integer(INT64_MAX - 5, INT64_MAX)},
    {"act", choice({"relu", "tanh"})},
    {"size", ordinal({8, 16, 32})},
    {"seed", grid({1, 2, 3})},
    {"momentum", uniform(0, 1).when("act", "relu").when("layers", {1, 2})},
    {"fixed", 7},
    {"net/depth", "deep"},
    {"lists", choice({value::list{1, 2}, value::list{3}})},
    {"of_list", uniform(0, 1).when("lists", value(value::list{1, 2}))},
  };
}

} // namespace

TEST_CASE("space json: Ray's names, and Ray's excluded upper bounds") {
  CHECK(to_json(one_of_each()) ==
        R"({"lr":{"loguniform":[1e-05,0.1]},"dropout":{"uniform":[0.0,0.5]},"q":{"quniform":[0.0,1.0,0.25]},)"
        R"("ql":{"qloguniform":[0.0001,0.1,0.0001]},"n":{"randn":[0.0,1.0]},"qn":{"qrandn":[0.0,1.0,0.5]},)"
        R"("layers":{"randint":[1,4]},"even":{"qrandint":[2,10,2]},"width":{"lograndint":[16,257]},)"
        R"("widths":{"qlograndint":[16,256,16]},"most":{"qrandint":[9223372036854775802,9223372036854775807,1]},)"
        R"("act":{"choice":["relu","tanh"]},"size":{"ordinal":[8,16,32]},"seed":{"grid":[1,2,3]},)"
        R"("momentum":{"uniform":[0.0,1.0],"when":{"act":"relu","layers":[1,2]}},"fixed":7,"net/depth":"deep",)"
        R"("lists":{"choice":[[1,2],[3]]},"of_list":{"uniform":[0.0,1.0],"when":{"lists":[[1,2]]}}})");
}

TEST_CASE("space json: what is written is read as the same space") {
  const auto text = to_json(one_of_each());

  const auto read = space_from_json(text);

  CHECK(read.mistakes == lines{});
  CHECK(to_json(read.space) == text);
}

TEST_CASE("space json: a spec file's space") {
  const auto read = space_from_json(R"({"lr": {"loguniform": [1e-5, 1e-1]}, "layers": {"randint": [1, 4]},
    "act": {"choice": ["relu", "tanh"]}, "momentum": {"uniform": [0, 1], "when": {"act": "relu"}},
    "seed": {"grid_search": [1, 2, 3]}, "net": {"depth": {"qrandint": [1, 3]}, "kind": "mlp"}, "n": 1e3,
    "big": {"lograndint": [1, 1e3]}})");

  CHECK(read.mistakes == lines{});
  CHECK(to_json(read.space) ==
        R"({"lr":{"loguniform":[1e-05,0.1]},"layers":{"randint":[1,4]},"act":{"choice":["relu","tanh"]},)"
        R"("momentum":{"uniform":[0.0,1.0],"when":{"act":"relu"}},"seed":{"grid":[1,2,3]},)"
        R"("net/depth":{"randint":[1,4]},"net/kind":"mlp","n":1000.0,"big":{"lograndint":[1,1000]}})");
}

TEST_CASE("space json: every mistake of the form, with its place") {
  CHECK(mistakes_in("[") == lines{"space: it is not JSON"});
  CHECK(mistakes_in("[1]") == lines{"space: an object of parameters is needed, but it is [1]"});
  CHECK(mistakes_in(R"({"a": {"uniform": [1]}, "b": {"randint": [1, "x"]}, "c": null, "d": {"choice": "x"},
                        "e": {"uniform": [0, 1], "wenn": {"a": 1}}, "f": {"loguniforn": [1, 2]},
                        "g": {"uniform": [0, 1], "when": 3}, "h": {"randint": [1, 2.5]}, "i": {"choice": [{}]}})") ==
        lines{R"(space: "a": uniform needs [low, high], but has [1])",
              R"(space: "b": randint needs an integer, but high is "x")", R"(space: "c": it has no value)",
              R"(space: "d": choice needs a list of values, but has "x")",
              R"(space: "e": beside "uniform" there may be "when", but not "wenn")",
              R"(space: "f": there is no domain "loguniforn"; did you mean "loguniform"?)",
              R"(space: "g": when needs {parameter: value or list of values}, but is 3)",
              R"(space: "h": randint needs an integer, but high is 2.5)",
              R"(space: "i": choice: {} is not a number, text, truth value or list)"});
}

TEST_CASE("space json: mistakes of the space itself are found, too") {
  CHECK(mistakes_in(R"({"lr": {"loguniform": [0, 1]}, "m": {"randint": [3, 3], "when": {"opt": "sgd"}}})") ==
        lines{R"(space: "lr": log scale needs low > 0, but low is 0; use for example 1e-6)",
              R"(space: "m": its range is empty: low 3 is above high 2; swap them)",
              R"(space: "m": its condition names "opt", which is not a parameter; there is "lr", "m")"});
}

TEST_CASE("space json: a name twice is a mistake, not the last of both") {
  CHECK(mistakes_in(R"({"a": 1, "b": 2, "a": 3})") == lines{R"(space: "a": two parameters have this name)"});
}

TEST_CASE("space json: functions and constraints are shown by name, and cannot be read") {
  search_space space = {{"a", sample_from("a by b", [](const config&, chance& random) { return random.unit(); })}};
  space.require("a < 1", [](const config& c) { return c.get<double>("a") < 1; });

  CHECK(to_json(space) == R"({"a":{"sample_from":"a by b"},"require":["a < 1"]})");
  CHECK(mistakes_in(to_json(space)) ==
        lines{R"(space: "a": sample_from is a function of the program; a file cannot have one)",
              R"(space: "require": a constraint is a function of the program; a file cannot have one)"});
}

TEST_CASE("space json: two conditions on one parameter are written as what both allow") {
  const search_space space = {{"a", choice({1, 2, 3})}, {"b", uniform(0, 1).when("a", {1, 2}).when("a", {2, 3})}};

  CHECK(to_json(space) == R"({"a":{"choice":[1,2,3]},"b":{"uniform":[0.0,1.0],"when":{"a":[2]}}})");
}

TEST_CASE("space differences: in words") {
  search_space before = {{"lr", uniform(0, 1)}, {"act", choice({"relu"})}, {"gone", 1}, {"kept", 1}};
  search_space after = {{"act", choice({"relu", "tanh"})}, {"lr", uniform(0, 1)}, {"kept", 1}, {"new", 1.5}};
  before.require("old", [](const config&) { return true; });
  after.require("young", [](const config&) { return true; });

  CHECK(differences(to_json(before), to_json(before)).empty());
  CHECK(differences(to_json(before), to_json(after)) ==
        lines{R"("act" was {"choice":["relu"]} and is {"choice":["relu","tanh"]})", R"("gone" is gone; it was 1)",
              R"("new" is new: 1.5)", R"(the order was "lr", "act", "kept" and is "act", "lr", "kept")",
              R"(the constraint "old" is gone)", R"(the constraint "young" is new)"});
  CHECK(differences(R"({"a":1})", R"({"a":1.0})") == lines{R"("a" was 1 and is 1.0)"});
}
