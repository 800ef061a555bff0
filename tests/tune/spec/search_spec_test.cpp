#include "tune/spec/search_spec.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

using lines = std::vector<std::string>;

/// Without mistakes.
search_spec spec_in(const std::string& text, const search_flags& flags = {}) {
  auto read = read_search_spec(text, flags);
  REQUIRE(texts_of(read.mistakes, "spec") == lines{});
  REQUIRE(read.spec);
  return std::move(*read.spec);
}

lines mistakes_in(const std::string& text, const search_flags& flags = {}) {
  return texts_of(read_search_spec(text, flags).mistakes, "spec");
}

search_flags with_searcher(const std::string& name) {
  search_flags flags;
  flags.searcher = name;
  return flags;
}

const char* const whole = R"(name: digits
trainable: {command: [python3, train.py]}
space:
  lr:       {loguniform: [1e-5, 1e-1]}
  layers:   {randint: [1, 4]}
  act:      {choice: [relu, tanh]}
  momentum: {uniform: [0, 1], when: {act: relu}}
  seed:     {grid: [1, 2, 3]}
metric: accuracy
mode: max
samples: 50
seed: 7
searcher: {name: random, seed: 1}
scheduler: {name: asha, max_t: 81, reduction_factor: 3}
points_to_evaluate:
  - {lr: 0.01}
  - {config: {lr: 0.1}, metrics: {accuracy: 0.5}}
stop: {training_iteration: 81, accuracy: 0.99}
resources: {cpu: 1}
max_failures: 0
)";

} // namespace

TEST_CASE("search spec: a whole spec file") {
  const auto spec = spec_in(whole);

  CHECK(to_json(spec) ==
        R"({"space":{"lr":{"loguniform":[1e-05,0.1]},"layers":{"randint":[1,4]},"act":{"choice":["relu","tanh"]},)"
        R"("momentum":{"uniform":[0.0,1.0],"when":{"act":"relu"}},"seed":{"grid":[1,2,3]}},"metric":"accuracy",)"
        R"("mode":"max","samples":50,"seed":7,"searcher":{"name":"random","seed":1},)"
        R"("scheduler":{"name":"asha","max_t":81},)"
        R"("points_to_evaluate":[{"lr":0.01},{"config":{"lr":0.1},"metrics":{"accuracy":0.5}}]})");
  CHECK(spec.points_to_evaluate[1].known->get<double>("accuracy") == 0.5);
  CHECK(to_json(spec_in(to_json(spec))) == to_json(spec));
}

TEST_CASE("search spec: only the mapping of parameters, with every domain") {
  const auto spec = spec_in(R"(
a: {uniform: [0, 1]}
b: {quniform: [0, 1, 0.25]}
c: {loguniform: [1e-4, 1]}
d: {qloguniform: [1, 100, 1]}
e: {randn: [0, 1]}
f: {qrandn: [0, 1, 0.5]}
g: {randint: [0, 10]}
h: {qrandint: [0, 10, 2]}
i: {lograndint: [1, 1000]}
j: {qlograndint: [2, 100, 2]}
k: {choice: [relu, true, 1.5, [3, 4]]}
l: {ordinal: [small, medium, large]}
m: {grid: [1, 2]}
n: 5
net: {depth: {randint: [1, 3]}, kind: mlp}
net/width: {choice: [8, 16], when: {k: [relu, 1.5], net/depth: 2}}
)");

  CHECK(spec.space.parameters().size() == 17);
  CHECK(spec.objectives == std::vector<objective>{maximize("value")});
  CHECK(spec.searcher.name() == "auto");
  CHECK(spec.scheduler.name() == "fifo");
  CHECK(spec.seed == 0);
  CHECK(spec.samples == 1);
}

TEST_CASE("search spec: a scheduler may have another one inside") {
  const auto read = read_search_spec("space: {lr: {uniform: [0, 1]}}\nmetric: accuracy\nmode: max\n"
                                     "scheduler: {name: resource_changing, max_size: 8, scheduler: {name: asha, "
                                     "max_t: 81}}\n");
  REQUIRE(read.spec);
  CHECK(to_json(read.spec->scheduler) ==
        R"({"name":"resource_changing","max_size":8,"scheduler":{"name":"asha","max_t":81}})");
}

TEST_CASE("search spec: every mistake at once, each with its line and parameter") {
  CHECK(
    mistakes_in("lr: {loguniform: [0, 1]}\n"
                "layers: {randint: [4, 4]}\n"
                "act: {choise: [1, 2]}\n"
                "net:\n"
                "  depth: {uniform: [1]}\n"
                "  width: {choice: []}\n"
                "m: {uniform: [0, 1], when: {act: 3, optimizer: sgd}}\n"
                "x: {uniform: [1, .inf]}\n"
                "y:\n"
                "lr: 3\n") ==
    lines{R"(spec:1: space: "lr": log scale needs low > 0, but low is 0; use for example 1e-6)",
          R"(spec:2: space: "layers": its range is empty: low 4 is above high 3; swap them)",
          R"(spec:3: space: "act": there is no domain "choise"; did you mean "choice"?)",
          R"(spec:5: space: "net/depth": uniform needs [low, high], but has [1])",
          R"(spec:6: space: "net/width": choice over nothing; give it at least one value)",
          R"(spec:7: space: "m": its condition names "optimizer", which is not a parameter; there is "lr", "layers", )"
          R"("net/width", "m", "x")",
          R"(spec:8: space: "x": high is inf, which is not a finite number)", R"(spec:9: space: "y": it has no value)",
          R"(spec:10: "lr" is there twice, first in line 1; each name once)"});
}

TEST_CASE("search spec: mistakes of all the other fields, too") {
  CHECK(mistakes_in("space: {lr: {uniform: [0, 1]}}\n"
                    "searchr: random\n"
                    "mode: low\n"
                    "samples: 0\n"
                    "seed: -1\n"
                    "searcher: {name: randon}\n"
                    "scheduler: {name: asha, max_t: 0, grace: 1}\n"
                    "points_to_evaluate:\n"
                    "  - {lr: 0.5}\n"
                    "  - {lr: 5}\n"
                    "  - {rate: 1}\n") ==
        lines{R"(spec:2: a spec file has no "searchr"; did you mean "searcher"?)",
              R"(spec:3: mode: "low" is neither min nor max)", "spec:4: samples: 0 is no integer of at least 1",
              "spec:5: seed: -1 is no integer of at least 0",
              R"(spec:6: searcher: there is no "randon"; did you mean "random"?)",
              R"(spec:7: scheduler asha: it has no option "grace"; there is "max_t", "grace_period", )"
              R"("reduction_factor", "brackets", "type", "stop_last", "strict_ties", "delayed")",
              R"(spec:10: points_to_evaluate: point 2: "lr": 5 is above high 1)",
              R"(spec:11: points_to_evaluate: point 3: "rate" is not a parameter; there is "lr")"});
  CHECK(mistakes_in("space: {lr: {uniform: [0, 1]}}\n"
                    "points_to_evaluate:\n"
                    "  - {lr: 0.5}\n"
                    "  - {lr: 5}\n"
                    "  - {rate: 1}\n"
                    "  - {config: {lr: 1}, metrics: {loss: 1}}\n") ==
        lines{R"(spec:4: points_to_evaluate: point 2: "lr": 5 is above high 1)",
              R"(spec:5: points_to_evaluate: point 3: "rate" is not a parameter; there is "lr")",
              R"(spec:6: points_to_evaluate: point 4: its known results have no "value")"});
  CHECK(mistakes_in("space: {lr: {uniform: [0, 1]}}\nscheduler: {name: asha, max_t: 0}\n") ==
        lines{"spec:2: scheduler asha: max_t is 0, but must be from 1 to 1000000000000"});
  CHECK(mistakes_in("space: {x: {choice: [1, 2]},\n  lr: {uniform: [0, 1]}}\nsearcher: grid\n") ==
        lines{R"(spec:2: space: "lr": grid search needs finitely many values, but uniform(0, 1) has no end of them; )"
              "give it a step, list some with grid, or use random search"});
}

TEST_CASE("search spec: points that are no list, and fields that are called as if they were points") {
  CHECK(mistakes_in("space: {lr: {loguniform: [0, 1]}}\n"
                    "points_to_evaluate: {first: {lr: 0.1}, 99999999999999999999: {lr: 1}}\n") ==
        lines{R"(spec:1: space: "lr": log scale needs low > 0, but low is 0; use for example 1e-6)",
              R"(spec:2: points_to_evaluate: a list of mappings is needed, but it is {"first":{"lr":0.1},)"
              R"("99999999999999999999":{"lr":1}})"});
  CHECK(mistakes_in("space: {lr: {uniform: [0, 1]}}\npoints_to_evaluate/x: 1\nsamples: 0\n").size() == 2);
}

TEST_CASE("search spec: what is no UTF-8 is a mistake, wherever it stands") {
  CHECK(mistakes_in("space: {lr: {uniform: [0, \xff]}}\n") ==
        lines{"spec:1: column 27: this is no UTF-8; save the file as UTF-8"});
  CHECK(mistakes_in("\xff").size() == 1);
}

TEST_CASE("search spec: what is no space at all") {
  CHECK(mistakes_in("") == lines{"spec: it is empty; a mapping of parameters is needed"});
  CHECK(mistakes_in("[1, 2]") == lines{"spec: a mapping of parameters is needed, but it is [1,2]"});
  CHECK(mistakes_in("space: 3") == lines{"spec:1: space: an object of parameters is needed, but it is 3"});
  CHECK(mistakes_in("{}") == lines{"spec: space: it has no parameters"});
  CHECK(mistakes_in("lr: {uniform: [0, 1]}\nsearcher: {name: random}\n") ==
        lines{R"(spec:2: searcher: beside it a spec file needs "space", the mapping of parameters)"});
  CHECK(mistakes_in("lr: {uniform: [0, 1}").size() == 1);
}

TEST_CASE("search spec: flags go before the file") {
  search_flags flags;
  flags.searcher = "sobol";
  flags.scheduler = R"({"name": "asha", "max_t": 9})";
  flags.mode = "min";
  flags.seed = 3;
  flags.samples = 2;

  const auto spec = spec_in(whole, flags);

  CHECK(to_json(spec.searcher) == R"({"name":"sobol"})");
  CHECK(to_json(spec.scheduler) == R"({"name":"asha","max_t":9})");
  CHECK(spec.objectives == std::vector<objective>{minimize("accuracy")});
  CHECK(spec.seed == 3);
  CHECK(spec.samples == 2);
  CHECK(to_json(spec_in(whole, with_searcher("random")).searcher) == R"({"name":"random","seed":1})");
}

TEST_CASE("search spec: wrong flags say that they are flags") {
  search_flags flags;
  flags.searcher = "tpee";
  flags.scheduler = R"({"name": "asha", "max_t": 0})";
  flags.mode = "minimum";
  flags.samples = 0;

  CHECK(mistakes_in("lr: {uniform: [0, 1]}", flags) ==
        lines{R"(--mode: "minimum" is neither min nor max)", "--samples: 0 is too few; use at least 1",
              mistakes_in("lr: {uniform: [0, 1]}", with_searcher("tpee")).front(),
              "--scheduler asha: max_t is 0, but must be from 1 to 1000000000000"});
}

TEST_CASE("search spec: several objectives, named or not") {
  search_flags flags;
  flags.mode = "min,max";

  CHECK(spec_in("lr: {uniform: [0, 1]}", flags).objectives ==
        std::vector<objective>{minimize("value_1"), maximize("value_2")});
  flags.metric = "loss,accuracy";
  CHECK(spec_in("lr: {uniform: [0, 1]}", flags).objectives ==
        std::vector<objective>{minimize("loss"), maximize("accuracy")});
  CHECK(spec_in("space: {lr: {uniform: [0, 1]}}\nmetric: [a, b]\nmode: min\n").objectives ==
        std::vector<objective>{minimize("a"), minimize("b")});
  flags.metric = "loss,loss,x";
  CHECK(mistakes_in("lr: {uniform: [0, 1]}", flags) ==
        lines{"--mode: 2 of them for 3 metrics (loss, loss, x)", R"(--metric: "loss" is there twice)"});
}

TEST_CASE("search spec: what has changed, in words") {
  const auto before = to_json(spec_in("lr: {uniform: [0, 1]}"));
  search_flags flags;
  flags.mode = "min";
  flags.seed = 3;
  flags.searcher = "sobol";

  CHECK(differences_of_specs(before, before).empty());
  CHECK(differences_of_specs(before, to_json(spec_in("lr: {uniform: [0, 2]}", flags))) ==
        lines{R"(space: "lr" was {"uniform":[0.0,1.0]} and is {"uniform":[0.0,2.0]})",
              R"(mode: it was "max", now it is "min")", "seed: it was 0, now it is 3",
              R"(searcher: it was {"name":"auto"}, now it is {"name":"sobol"})"});
}
