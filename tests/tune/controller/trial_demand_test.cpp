#include "tune/controller/trial_demand.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

runtime::cluster_state cluster_of(const std::vector<std::map<std::string, value>>& nodes) {
  runtime::cluster_state state;
  for (const auto& each : nodes) {
    runtime::cluster_state::node node;
    node.state = "alive";
    node.total = or_throw(demand_of(each));
    state.nodes.push_back(std::move(node));
  }
  return state;
}

} // namespace

TEST_CASE("trial demand: amounts as numbers and texts; an error names the one that is none") {
  const auto wants = demand_of({{"cpu", 0.5}, {"memory", "2GiB"}, {"licence", 1}});
  REQUIRE(wants);
  CHECK(wants->to_string() == "cpu=0.5 memory=2GiB licence=1");

  CHECK(demand_of({{"cpu", -1}}).error().message.find("resources: \"cpu\": -1 is not an amount") == 0);
  CHECK_FALSE(demand_of({{"cpu", true}}));
  CHECK_FALSE(demand_of({{"c pu", 1}}));
}

TEST_CASE("trial demand: a cluster holds as many trials as fit on its nodes, each on one") {
  const auto state = cluster_of({{{"cpu", 4}, {"memory", "4GiB"}}, {{"cpu", 3}}});
  CHECK(trials_held(state, *demand_of({{"cpu", 2}})) == 3);
  CHECK(trials_held(state, *demand_of({{"cpu", 1}, {"memory", "1GiB"}})) == 4);
  CHECK(trials_held(state, *demand_of({{"gpu", 1}})) == 0);
  CHECK(trials_held(state, *demand_of({})) == 7);
}

TEST_CASE("trial demand: a gpu is a unit") {
  CHECK(trials_held(cluster_of({{{"gpu", 2}}}), *demand_of({{"gpu", 0.4}})) == 4);
}

TEST_CASE("trial demand: a node that takes nothing new holds nothing") {
  auto state = cluster_of({{{"cpu", 4}}, {{"cpu", 4}}});
  state.nodes[1].state = "draining";
  CHECK(trials_held(state, *demand_of({{"cpu", 1}})) == 4);
}
