#include "tune/controller/trial_demand.hpp"

#include <limits>

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

TEST_CASE("trial demand: several times what a trial declares") {
  CHECK(times(*demand_of({{"cpu", 0.5}, {"memory", "2GiB"}}), 3).to_string() == "cpu=1.5 memory=6GiB");
  const auto most = times(*demand_of({{"memory", "2GiB"}}), std::numeric_limits<trial_size>::max());
  CHECK_FALSE(most.fits_in(*demand_of({{"memory", 1e14}}))); // And no overflow.
}

TEST_CASE("trial demand: the room for trials is what other drivers leave, node by node") {
  auto state = cluster_of({{{"cpu", 4}, {"memory", "4GiB"}}, {{"cpu", 3}}, {{"cpu", 8}}});
  for (std::size_t i = 0; i < state.nodes.size(); ++i)
    state.nodes[i].name = "n" + std::to_string(i + 1);
  state.nodes[2].state = "draining";
  state.nodes[0].used = *demand_of({{"cpu", 3}});
  state.leases.push_back({runtime::lease_id{1}, "this", "n1", *demand_of({{"cpu", 2}}), "held", /*is_own=*/true});
  state.leases.push_back({runtime::lease_id{2}, "other", "n1", *demand_of({{"cpu", 1}}), "held", /*is_own=*/false});
  state.lease_count = 2;
  const auto wants = *demand_of({{"cpu", 1}});

  CHECK(room_in(state, wants) == cluster_room{{{"n1", 3}, {"n2", 3}}, false});
  CHECK(room_in(state, *demand_of({{"cpu", 1}, {"memory", "2GiB"}})) == cluster_room{{{"n1", 2}}, false});
  CHECK(room_in(state, {}).parts.empty());

  state.lease_count = 1'001; // Whose the others are is not known.
  CHECK(room_in(state, wants) == cluster_room{{{"n1", 1}, {"n2", 1}}, false});
}

TEST_CASE("trial demand: others want the cluster if they wait for what it could have") {
  auto state = cluster_of({{{"cpu", 4}}});
  const auto wants = *demand_of({{"cpu", 1}});
  const auto waits = [&](double cpus, bool is_own) {
    state.queue_together = {{{"x", *demand_of({{"cpu", cpus}}), "", {}, is_own}, 1}};
    return room_in(state, wants).is_wanted;
  };
  CHECK(waits(4, /*is_own=*/false));
  CHECK_FALSE(waits(4, /*is_own=*/true));
  CHECK_FALSE(waits(5, /*is_own=*/false));
}

TEST_CASE("trial demand: a trial that wants less than a gpu has a part of one, however many there are") {
  auto state = cluster_of({{{"gpu", 2}, {"cpu", 8}}});
  state.nodes[0].name = "n";
  CHECK(room_in(state, *demand_of({{"gpu", 0.3}})).parts ==
        std::vector<cluster_room::part>{{"n", 3}, {"n", 3}}); // 1.5 of two is what nobody can have.
  CHECK(room_in(state, *demand_of({{"gpu", 0.25}, {"cpu", 2}})).parts == std::vector<cluster_room::part>{{"n", 4}});
  CHECK(room_in(state, *demand_of({{"gpu", 1}})).parts == std::vector<cluster_room::part>{{"n", 2}});
}
