// Leases that a node brings from a head whose state was lost: their ids may be those that this head would give.
#include "runtime/head/head_core.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const instant start = instant{} + 1s;
const owner_id alice{10};
const std::uint64_t epoch = 7;

node_hello hello(std::uint64_t id, std::vector<held_lease> leases) {
  return {{node_id{id}, incarnation{100 + id}, fmt::format("node-{}", id), "10.0.0.1", 7000, cpus(4), {}},
          "0.1.0",
          "",
          std::move(leases),
          false};
}

template <class Action>
std::vector<Action> all(const head_core::actions& actions) {
  std::vector<Action> found;
  for (const auto& a : actions)
    if (const auto* one = std::get_if<Action>(&a))
      found.push_back(*one);
  return found;
}

} // namespace

TEST_CASE("head core: an id that a node has listed is not granted again, and each node's room comes back") {
  head_options options;
  options.version = "0.1.0";
  options.cluster = "abcdef0123456789";
  options.epoch = epoch;
  head_core core(options, start);
  const held_lease first{lease_id{(epoch << 40) | 1}, owner_id{12}, cpus(3), {}, false};
  const held_lease third{lease_id{(epoch << 40) | 3}, owner_id{12}, cpus(1), {}, false};
  REQUIRE(core.on_node_hello(hello(1, {first, third}), start));
  REQUIRE(core.on_node_hello(hello(2, {}), start));
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", {}, start));

  std::set<lease_id> granted;
  for (std::uint64_t request = 1; request <= 2; ++request) {
    demand wants;
    wants.resources = cpus(2);
    const auto orders = all<head_core::grant>(core.on_demand(alice, request_id{request}, wants, start));
    REQUIRE(orders.size() == 1);
    CHECK(orders[0].node == node_id{2});
    granted.insert(orders[0].lease.lease);
    core.on_lease_accepted(node_id{2}, orders[0].lease.lease, start);
  }
  CHECK(granted.size() == 2);
  CHECK(granted.count(first.lease) == 0);
  CHECK(granted.count(third.lease) == 0);

  for (const auto& brought : {first, third})
    core.on_lease_ended(node_id{1}, brought.lease, start);
  for (const auto lease : granted)
    core.on_lease_ended(node_id{2}, lease, start);
  CHECK(core.leases().empty());
  for (const auto& node : core.nodes())
    CHECK(node.used.empty());
  CHECK_NOTHROW(core.on_owner_leaves(alice, start));
}
