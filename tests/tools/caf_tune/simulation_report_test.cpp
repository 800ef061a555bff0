#include "tools/caf_tune/simulation_report.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace tools;
using namespace std::chrono_literals;

namespace {

tune::simulation_plan some_plan(std::optional<double> target = std::nullopt) {
  const std::string text = "space: {x: {uniform: [0, 1]}}\nsamples: 4\nsearcher: random\nstop: {training_iteration: 3}";
  auto search = tune::read_search_spec(text);
  REQUIRE(search.spec);
  auto run = tune::read_run_spec(text, search.spec->objectives);
  tune::simulation_wishes wishes;
  wishes.nodes = {{2, runtime::cpus(8)}, {1, runtime::cpus(1)}};
  wishes.target = target;
  return {std::move(*search.spec), std::move(run.spec), std::move(wishes)};
}

simulation_run run_of(std::uint64_t seed, std::chrono::nanoseconds time) {
  simulation_run one;
  one.seed = seed;
  one.what.has_ended = true;
  one.what.why = "finished";
  one.what.time = time;
  one.what.time_to_best = time / 2;
  one.what.best = 0.875;
  one.what.created = one.what.terminated = 4;
  one.what.results = 12;
  one.what.places = 17;
  one.what.utilisation = 0.9375;
  return one;
}

simulation_run endless_run(std::uint64_t seed) {
  auto one = run_of(seed, 100h);
  one.what.has_ended = false;
  one.what.why = "it had not ended after 10 iterations";
  return one;
}

const simulation_about about{"spec.yaml", "", 0};

} // namespace

TEST_CASE("simulation report: what was simulated, and a value for each figure") {
  CHECK(simulation_text(some_plan(), about, {run_of(1, 90s)}) ==
        R"(spec.yaml: random with fifo, 4 trials of 3 iterations at most, each with cpu=1
cluster: 2 nodes with cpu=8, 1 node with cpu=1; 17 trials at once
learning curves: invented

WHAT             VALUE
time to finish   1 min 30 s
time to best     45 s
best             0.875
trials finished  4
trials stopped   0
trials failed    0
iterations       12
utilisation      93.8 %
node failures    0
attempts lost    0
attempts failed  0
restarts         0
pauses           0
iterations lost  0
work lost        0 s
)");
}

TEST_CASE("simulation report: of several runs the median and the range; what never came is the longest") {
  const auto text = simulation_text(some_plan(0.5), {"spec.yaml", "/results/digits", 40},
                                    {run_of(1, 3h), endless_run(2), run_of(3, 50h)});

  CHECK(text.find("learning curves: those of the 40 trials in /results/digits\n") != std::string::npos);
  CHECK(text.find("WHAT             MEDIAN   LEAST       MOST\n"
                  "time to finish   2 d 2 h  3 h 0 min   never\n") != std::string::npos);
  CHECK(text.find("time to target   never    never       never\n") != std::string::npos);
  CHECK(text.find("\nseed 2: given up: it had not ended after 10 iterations\n") != std::string::npos);
}

TEST_CASE("simulation report: JSON has seconds, and null for what never came") {
  const auto all = nlohmann::json::parse(simulation_json(some_plan(), about, {run_of(7, 90s), endless_run(8)}));

  CHECK(all["spec"] == "spec.yaml");
  CHECK(all["like"].is_null());
  CHECK(all["places"] == 17);
  CHECK(all["nodes"][1] == nlohmann::json{{"count", 1}, {"resources", "cpu=1"}});
  CHECK(all["least"]["time_s"] == 90.0);
  CHECK(all["most"]["time_s"].is_null());
  CHECK(all["median"]["time_s"].is_null());
  CHECK(all["runs"][0]["seed"] == 7);
  CHECK(all["runs"][0]["ended"] == true);
  CHECK(all["runs"][1]["ended"] == false);
  CHECK(all["runs"][1]["why"] == "it had not ended after 10 iterations");
}
