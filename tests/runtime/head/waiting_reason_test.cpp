#include "runtime/head/waiting_reason.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const claimant anybody{owner_id{1}, request_id{1}, 0};

void add(placement& nodes, std::uint64_t id, const char* total, label_map labels = {}) {
  nodes.add({node_id{id}, incarnation{id}, fmt::format("node-{}", id), "host", 1, or_throw(resource_set::parse(total)),
             std::move(labels)});
}

demand wants(const char* resources) {
  demand d;
  d.resources = or_throw(resource_set::parse(resources));
  return d;
}

std::string never(const wanted& what, const placement& nodes) {
  const auto why = why_infeasible(what, nodes);
  REQUIRE(why);
  CHECK(why->code == errc::infeasible);
  return why->message;
}

} // namespace

TEST_CASE("waiting reason: an infeasible demand is told by how much the best node misses") {
  placement nodes;
  CHECK(never(wants("cpu=1"), nodes) ==
        "cpu=1 fits on no node: the cluster has none; start one, or set wait_for_nodes");

  add(nodes, 1, "cpu=2");
  add(nodes, 2, "cpu=8,memory=16GiB");

  CHECK(never(wants("cpu=4,gpu=1"), nodes) ==
        "gpu=1 fits on no node: the best, \"node-2\", has gpu=0; start one with a GPU, or set wait_for_nodes");
  CHECK(never(wants("cpu=16,memory=32GiB"), nodes) ==
        "cpu=16 memory=32GiB fits on no node: the best, \"node-2\", has cpu=8 memory=16GiB; start one with more, or "
        "set wait_for_nodes");
  CHECK(!why_infeasible(wants("cpu=8"), nodes));
}

TEST_CASE("waiting reason: labels and names that no node has are named") {
  placement nodes;
  add(nodes, 1, "cpu=2", {{"zone", "eu"}});
  auto labelled = wants("cpu=1");
  labelled.required_labels = {{"zone", "us"}};
  auto named = wants("cpu=1");
  named.placement = {placement_kind::node, "node-7", false};
  auto large = wants("cpu=4");
  large.required_labels = {{"zone", "eu"}};

  CHECK(never(labelled, nodes) == "no node has the labels zone=us; start one with them, or set wait_for_nodes");
  CHECK(never(named, nodes) == "no node is named \"node-7\"; name another, make it soft, or set wait_for_nodes");
  CHECK(never(large, nodes) == "cpu=4 fits on no node with zone=eu: the best, \"node-1\", has cpu=2; start one with "
                               "more, or set wait_for_nodes");
}

TEST_CASE("waiting reason: a feasible demand is told what the nearest node has free") {
  placement nodes;
  add(nodes, 1, "cpu=8");
  add(nodes, 2, "cpu=8");
  REQUIRE(nodes.take(node_id{1}, lease_id{1}, cpus(7)));
  REQUIRE(nodes.take(node_id{2}, lease_id{2}, cpus(8)));

  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-1 has cpu=1 free of cpu=8");
}

TEST_CASE("waiting reason: room that is closed or kept for another is said to be so") {
  placement nodes;
  add(nodes, 1, "cpu=8");
  nodes.set_open(node_id{1}, false);
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-1 has room but takes no leases now");

  nodes.set_open(node_id{1}, true);
  nodes.reserve(node_id{1}, {{owner_id{2}, request_id{1}, 0}, cpus(8)});
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) ==
        "waits for cpu=4: node-1 keeps its room for a demand that has waited longer");
}

TEST_CASE("waiting reason: a node that takes no leases is named only where no open one could ever do") {
  placement nodes;
  add(nodes, 1, "cpu=8");
  add(nodes, 2, "cpu=8");
  REQUIRE(nodes.take(node_id{2}, lease_id{1}, cpus(7)));
  nodes.set_open(node_id{1}, false); // It drains, or was lost: empty, but of no help.

  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-2 has cpu=1 free of cpu=8");
  nodes.set_open(node_id{2}, false);
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-1 has room but takes no leases now");
  nodes.set_open(node_id{1}, true);
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-1 has room, others come first");

  nodes.set_open(node_id{2}, true);
  add(nodes, 3, "cpu=2"); // Open, and all of it is free, but never enough.
  REQUIRE(nodes.take(node_id{1}, lease_id{2}, cpus(8)));
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-2 has cpu=1 free of cpu=8");
  nodes.set_open(node_id{2}, false);
  CHECK(why_waits(wants("cpu=4"), nodes, anybody) == "waits for cpu=4: node-1 has cpu=0 free of cpu=8");
}

TEST_CASE("waiting reason: a lost node that is asked for by name, and one that is full and closed, are said to be so") {
  placement nodes;
  add(nodes, 1, "cpu=8");
  add(nodes, 2, "cpu=8");
  nodes.set_open(node_id{1}, false);
  auto named = wants("cpu=4");
  named.placement = {placement_kind::node, "node-1", false};

  CHECK(why_waits(named, nodes, anybody) == "waits for cpu=4: node-1 has room but takes no leases now");
  REQUIRE(nodes.take(node_id{1}, lease_id{1}, cpus(6)));
  CHECK(why_waits(named, nodes, anybody) == "waits for cpu=4: node-1 has cpu=2 free of cpu=8 and takes no leases now");
  named.placement.soft = true;
  CHECK(why_waits(named, nodes, anybody) == "waits for cpu=4: node-2 has room, others come first");
}

TEST_CASE("waiting reason: parts of devices do not add up to one") {
  placement nodes;
  add(nodes, 1, "gpu=2");
  for (std::uint64_t i = 0; i != 2; ++i)
    REQUIRE(nodes.take(node_id{1}, lease_id{1 + i}, gpus(i == 0 ? 0.6 : 0.5)));

  CHECK(why_waits(wants("gpu=0.6"), nodes, anybody) ==
        "waits for gpu=0.6: node-1 has gpu=0.9 free in parts of devices of gpu=2");
}

TEST_CASE("waiting reason: a group says which bundle is in the way") {
  placement nodes;
  add(nodes, 1, "cpu=4");
  REQUIRE(nodes.take(node_id{1}, lease_id{1}, cpus(3)));
  group_demand group;
  group.bundles = {cpus(1), cpus(2)};

  CHECK(why_waits(group, nodes, anybody) == "bundle 1 of 2: waits for cpu=2: node-1 has cpu=1 free of cpu=4");
  group.bundles = {cpus(1), cpus(1)};
  CHECK(why_waits(group, nodes, anybody) ==
        "waits for cpu=2: each of the 2 bundles fits alone, but not together as pack");
  group.bundles = {cpus(1), cpus(5)};
  CHECK(never(group, nodes) == "bundle 1: cpu=5 fits on no node: the best, \"node-1\", has cpu=4; start one with "
                               "more, or set wait_for_nodes");
}
