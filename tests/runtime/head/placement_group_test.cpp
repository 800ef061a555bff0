#include "runtime/head/placement_group.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const claimant anybody{owner_id{1}, request_id{1}, 0};

/// Nodes of so many cpus, with ids from 1.
placement nodes_of(const std::vector<double>& cpus_of_each) {
  placement nodes;
  for (std::uint64_t i = 0; i != cpus_of_each.size(); ++i)
    nodes.add(
      {node_id{i + 1}, incarnation{i + 1}, fmt::format("node-{}", i + 1), "host", 1, cpus(cpus_of_each[i]), {}});
  return nodes;
}

group_demand group_of(group_strategy strategy, const std::vector<double>& bundles) {
  group_demand group;
  group.strategy = strategy;
  for (const auto n : bundles)
    group.bundles.push_back(cpus(n));
  return group;
}

std::vector<std::uint64_t> plan(const group_demand& group, const placement& nodes,
                                const std::vector<node_id>& kept = {}) {
  std::vector<std::uint64_t> ids;
  if (const auto where = plan_group(group, kept, nodes, anybody))
    for (const auto id : *where)
      ids.push_back(id.value);
  return ids;
}

using ids = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("placement group: pack uses as few nodes as it can") {
  const auto group = group_of(group_strategy::pack, {1, 1, 2});

  CHECK(plan(group, nodes_of({2, 4, 2})) == ids{2, 2, 2});
  CHECK(plan(group, nodes_of({2, 2, 2})) == ids{2, 2, 1});
  CHECK(plan(group, nodes_of({2, 1})) == ids{});
}

TEST_CASE("placement group: spread uses as many nodes as it can, and shares them when there are too few") {
  const auto group = group_of(group_strategy::spread, {1, 1, 1});

  CHECK(plan(group, nodes_of({4, 4, 4})) == ids{1, 2, 3});
  CHECK(plan(group, nodes_of({4, 4})) == ids{1, 2, 1});
}

TEST_CASE("placement group: strict_pack wants one node for all") {
  const auto group = group_of(group_strategy::strict_pack, {1, 2});

  CHECK(plan(group, nodes_of({2, 2, 3})) == ids{3, 3});
  CHECK(plan(group, nodes_of({2, 2})) == ids{});
}

TEST_CASE("placement group: strict_spread finds a node of its own for each whenever there is an assignment") {
  // The small bundle must leave the large node to the large one, whatever comes first.
  CHECK(plan(group_of(group_strategy::strict_spread, {1, 4}), nodes_of({4, 1})) == ids{2, 1});
  CHECK(plan(group_of(group_strategy::strict_spread, {2, 2, 2}), nodes_of({4, 4})) == ids{});
}

TEST_CASE("placement group: bundles that are placed again keep the rule towards those that stay") {
  const auto nodes = nodes_of({4, 4, 4});

  CHECK(plan(group_of(group_strategy::strict_spread, {1}), nodes, {node_id{1}, node_id{2}}) == ids{3});
  CHECK(plan(group_of(group_strategy::strict_spread, {1, 1}), nodes, {node_id{1}, node_id{2}}) == ids{});
  CHECK(plan(group_of(group_strategy::strict_pack, {1}), nodes, {node_id{2}}) == ids{2});
  CHECK(plan(group_of(group_strategy::pack, {1}), nodes, {node_id{3}}) == ids{3});
  CHECK(plan(group_of(group_strategy::spread, {1}), nodes, {node_id{1}}) == ids{2});
}

TEST_CASE("placement group: what no cluster of these nodes could hold is known before it waits") {
  const auto nodes = nodes_of({4, 4});

  CHECK(why_group_never_fits(group_of(group_strategy::strict_pack, {3, 3}), nodes) ==
        "strict_pack wants cpu=6 on one node, which none could hold");
  CHECK(why_group_never_fits(group_of(group_strategy::strict_spread, {1, 1, 1}), nodes) ==
        "strict_spread wants 3 nodes of their own for cpu=3 in all, which the 2 that there are could not hold");
  CHECK(why_group_never_fits(group_of(group_strategy::pack, {3, 3, 3}), nodes) ==
        "the group wants cpu=9 in all but its nodes have cpu=8 together");
  CHECK(!why_group_never_fits(group_of(group_strategy::pack, {3, 3}), nodes));
}
