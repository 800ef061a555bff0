#include "runtime/head/head_core.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const instant start = instant{} + 1s;
const owner_id alice{10};
const owner_id bob{11};

head_options options() {
  head_options o;
  o.version = "0.1.0";
  o.cluster = "abcdef0123456789";
  o.epoch = 2;
  return o;
}

node_hello hello(std::uint64_t id, resource_set total = cpus(4), std::vector<held_lease> leases = {}) {
  return {{node_id{id}, incarnation{100 + id}, fmt::format("node-{}", id), "10.0.0.1", 7000, std::move(total), {}},
          "0.1.0",
          "",
          std::move(leases),
          false};
}

demand wants(resource_set resources) {
  demand d;
  d.resources = std::move(resources);
  return d;
}

template <class Action>
std::vector<Action> all(const head_core::actions& actions) {
  std::vector<Action> found;
  for (const auto& a : actions)
    if (const auto* one = std::get_if<Action>(&a))
      found.push_back(*one);
  return found;
}

template <class Action>
Action the(const head_core::actions& actions) {
  const auto found = all<Action>(actions);
  REQUIRE(found.size() == 1);
  return found[0];
}

/// With owners alice and bob, and nodes 1 to n of 4 cpus.
head_core cluster(std::uint64_t nodes, head_options o = options()) {
  head_core core(std::move(o), start);
  for (std::uint64_t id = 1; id <= nodes; ++id)
    REQUIRE(core.on_node_hello(hello(id), start));
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", {}, start));
  REQUIRE(core.on_owner_hello(bob, "bob", "0.1.0", {}, start));
  return core;
}

/// A lease that alice has been told of.
held_lease granted(head_core& core, std::uint64_t request, resource_set resources, instant now = start) {
  const auto order =
    the<head_core::grant>(core.on_demand(alice, request_id{request}, wants(std::move(resources)), now));
  REQUIRE(all<head_core::answer_granted>(core.on_lease_accepted(order.node, order.lease.lease, now)).size() == 1);
  return order.lease;
}

group_demand group(group_strategy strategy, std::size_t bundles, double cpus_each) {
  group_demand g;
  g.strategy = strategy;
  g.bundles.assign(bundles, cpus(cpus_each));
  return g;
}

} // namespace

TEST_CASE("head core: the owner hears of a lease after its node confirmed it, and again when it asks again") {
  auto core = cluster(1);

  const auto order = the<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start));
  CHECK(core.on_demand(alice, request_id{1}, wants(cpus(1)), start).empty());
  const auto answer = the<head_core::answer_granted>(core.on_lease_accepted(node_id{1}, order.lease.lease, start));

  CHECK(answer.request == request_id{1});
  CHECK(answer.leases.at(0).lease == order.lease.lease);
  CHECK((answer.leases[0].lease.value >> 40) == 2); // The head's epoch.
  CHECK(answer.leases[0].node_name == "node-1");
  CHECK(core.on_lease_accepted(node_id{1}, order.lease.lease, start).empty());
  const auto again = core.on_demand(alice, request_id{1}, wants(cpus(1)), start);
  CHECK(the<head_core::answer_granted>(again).leases.at(0).lease == order.lease.lease);
}

TEST_CASE("head core: what a node refused is granted on another one") {
  auto core = cluster(2);
  const auto order = the<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start));

  const auto next =
    the<head_core::grant>(core.on_lease_refused(order.node, order.lease.lease, {errc::refused, "fenced"}, start));

  CHECK(next.node != order.node);
  CHECK(next.lease.lease != order.lease.lease);
}

TEST_CASE("head core: a node that refuses gets no lease for a moment, and then again") {
  auto core = cluster(1);
  const auto order = the<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start));

  CHECK(core.on_lease_refused(node_id{1}, order.lease.lease, {errc::refused, "fenced"}, start).empty());
  CHECK(core.on_time(start + 499ms).empty());
  CHECK(the<head_core::grant>(core.on_time(start + 500ms)).node == node_id{1});
}

TEST_CASE("head core: a demand that must wait hears why, and gets what ends") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(3));

  const auto waits = the<head_core::answer_waits>(core.on_demand(bob, request_id{1}, wants(cpus(2)), start));
  CHECK(waits.why == "waits for cpu=2: node-1 has cpu=1 free of cpu=4");
  CHECK(core.waiting(start + 3s).at(0).waited == 3s);
  const auto ended = core.on_lease_ended(node_id{1}, lease.lease, start);

  CHECK(the<head_core::hear_end>(ended).lease == lease.lease);
  CHECK(the<head_core::grant>(ended).lease.owner == bob);
}

TEST_CASE("head core: what fits on no node is refused at once, unless it waits for nodes") {
  auto core = cluster(1);
  auto patient = wants(cpus(8));
  patient.waits_for_nodes = true;

  CHECK(the<head_core::answer_refused>(core.on_demand(alice, request_id{1}, wants(cpus(8)), start)).why ==
        error{errc::infeasible, "cpu=8 fits on no node: the best, \"node-1\", has cpu=4; start one with more, or set "
                                "wait_for_nodes"});
  CHECK(all<head_core::answer_waits>(core.on_demand(alice, request_id{2}, patient, start)).size() == 1);
  CHECK(the<head_core::grant>(*core.on_node_hello(hello(2, cpus(8)), start)).lease.resources == cpus(8));
}

TEST_CASE("head core: while the nodes of an earlier head are coming back nothing is infeasible") {
  auto o = options();
  o.settling = 3s;
  auto core = cluster(0, o);

  CHECK(all<head_core::answer_waits>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start)).size() == 1);
  CHECK(core.on_time(start + 2999ms).empty());
  CHECK(the<head_core::answer_refused>(core.on_time(start + 3s)).why.code == errc::infeasible);
  CHECK(the<head_core::answer_refused>(core.on_demand(alice, request_id{2}, wants(cpus(1)), start + 3s)).why.code ==
        errc::infeasible);
}

TEST_CASE("head core: a large demand is not starved by small ones") {
  auto core = cluster(1);
  std::vector<lease_id> running;
  for (std::uint64_t i = 1; i <= 4; ++i)
    running.push_back(granted(core, i, cpus(1)).lease);
  core.on_demand(bob, request_id{1}, wants(cpus(4)), start);
  for (std::uint64_t i = 5; i <= 20; ++i)
    core.on_demand(alice, request_id{i}, wants(cpus(1)), start + 1s);
  core.on_time(start + 10s); // Bob's patience ends: the node is reserved.

  for (const auto lease : {running[0], running[1], running[2]})
    CHECK(all<head_core::grant>(core.on_lease_ended(node_id{1}, lease, start + 11s)).empty());
  const auto order = the<head_core::grant>(core.on_lease_ended(node_id{1}, running[3], start + 11s));

  CHECK(order.lease.owner == bob);
}

TEST_CASE("head core: released and cancelled leases are ended at the node until it says so") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(4));
  core.on_demand(bob, request_id{1}, wants(cpus(1)), start);

  CHECK(all<head_core::end>(core.on_release(bob, lease.lease, start)).empty()); // Not his.
  CHECK(the<head_core::end>(core.on_release(alice, lease.lease, start)).lease == lease.lease);
  CHECK(core.on_release(alice, lease.lease, start).empty());
  CHECK(the<head_core::end>(core.on_time(start + 1s)).lease == lease.lease);
  const auto next = the<head_core::grant>(core.on_lease_ended(node_id{1}, lease.lease, start + 1s));
  const auto cancelled = core.on_cancel(bob, request_id{1}, start + 1s);
  CHECK(the<head_core::end>(cancelled).lease == next.lease.lease);
  CHECK(the<head_core::answer_refused>(cancelled).why.code == errc::cancelled);
  CHECK(core.on_lease_ended(node_id{1}, next.lease.lease, start + 1s).size() == 1);
  CHECK(the<head_core::answer_refused>(core.on_demand(bob, request_id{1}, wants(cpus(1)), start)).why.message ==
        "request 1 is over, its lease has ended; demand anew");
}

TEST_CASE("head core: a node that loses its link has a moment to come back") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(1));

  core.on_node_link_lost(node_id{1}, incarnation{101}, start);
  CHECK(core.nodes().at(0).state == head_core::node_state::unreachable);
  CHECK(all<head_core::grant>(core.on_demand(alice, request_id{2}, wants(cpus(1)), start)).empty());
  const auto back = *core.on_node_hello(hello(1, cpus(4), {lease}), start + 500ms);

  CHECK(all<head_core::node_joined>(back).empty());
  CHECK(the<head_core::grant>(back).lease.lease != lease.lease);
  CHECK(all<head_core::lease_lost>(core.on_time(start + 1s)).empty());
}

TEST_CASE("head core: leases of a dead node are lost, and never revived when it comes back with them") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(4));

  core.on_node_link_lost(node_id{1}, incarnation{101}, start);
  const auto dead = core.on_time(start + 1s);
  CHECK(the<head_core::lease_lost>(dead).why ==
        error{errc::node_lost, "node \"node-1\" was lost: its connection was lost"});
  CHECK(core.nodes().empty());
  const auto back = *core.on_node_hello(hello(1, cpus(4), {lease}), start + 2s);

  CHECK(the<head_core::end>(back).lease == lease.lease);
  CHECK(all<head_core::answer_waits>(core.on_demand(bob, request_id{1}, wants(cpus(1)), start + 2s)).size() == 1);
  CHECK(all<head_core::grant>(core.on_lease_ended(node_id{1}, lease.lease, start + 2s)).size() == 1);
}

TEST_CASE("head core: a silent node is dead at once; heard again it is back, and what it held is ended") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(1));

  CHECK(core.on_node_silent(node_id{1}, incarnation{999}, start).empty());
  CHECK(all<head_core::lease_lost>(core.on_node_silent(node_id{1}, incarnation{101}, start)).size() == 1);
  const auto back = core.on_node_heard_again(node_id{1}, incarnation{101}, start);

  CHECK(all<head_core::node_joined>(back).size() == 1);
  CHECK(the<head_core::end>(back).lease == lease.lease);
}

TEST_CASE("head core: another start of a node is believed when its link stands, and ends what the earlier one held") {
  auto core = cluster(1);
  granted(core, 1, cpus(1));
  auto other = hello(1);
  other.node.start = incarnation{555};

  CHECK(core.on_node_hello(other, start)->empty());
  core.on_node_link_lost(node_id{1}, incarnation{555}, start); // It was a late one.
  CHECK(core.on_time(start + 100ms).empty());
  CHECK(core.on_node_hello(other, start + 1s)->empty());
  const auto restarted = core.on_time(start + 1100ms);

  CHECK(all<head_core::lease_lost>(restarted).size() == 1);
  CHECK(the<head_core::welcome>(restarted).start == incarnation{555});
  CHECK(core.on_node_hello(hello(1), start + 2s).error().message ==
        "node \"node-1\" was started anew since, or has left; this start of it is over");
}

TEST_CASE("head core: a node's other start is believed in time however often it, or a third one, says hello") {
  auto core = cluster(1);
  auto other = hello(1);
  other.node.start = incarnation{555};
  auto third = hello(1);
  third.node.start = incarnation{556};

  for (auto now = start; now <= start + 99ms; now += 33ms) {
    CHECK(core.on_node_hello(third, now)->empty());
    CHECK(core.on_node_hello(other, now)->empty());
  }
  CHECK(core.wake_at() == start + 100ms);

  CHECK(the<head_core::welcome>(core.on_time(start + 100ms)).start == incarnation{555});
  CHECK(core.on_time(start + 200ms).empty());
}

TEST_CASE("head core: a contest is lost by who has lost its name meanwhile") {
  auto core = cluster(1);
  auto other = hello(1);
  other.node.start = incarnation{555};
  REQUIRE(core.on_node_hello(other, start)->empty());
  core.on_node_silent(node_id{1}, incarnation{101}, start + 10ms);
  auto namesake = hello(2);
  namesake.node.name = "node-1";
  REQUIRE(core.on_node_hello(namesake, start + 20ms));

  CHECK(all<head_core::welcome>(core.on_time(start + 100ms)).empty());
  CHECK(core.on_node_hello(other, start + 1s).error().code == errc::already_exists);
}

TEST_CASE("head core: a lost node whose link stands is not forgotten, and comes back when it is heard again") {
  auto o = options();
  o.max_dead_nodes = 1;
  auto core = cluster(4, o);
  core.on_node_silent(node_id{1}, incarnation{101}, start);
  for (std::uint64_t id = 2; id <= 4; ++id) {
    core.on_node_silent(node_id{id}, incarnation{100 + id}, start + 1s);
    const auto cut = core.on_node_link_lost(node_id{id}, incarnation{100 + id}, start + 1s);
    CHECK(all<head_core::node_forgotten>(cut).size() == (id == 2 ? 0 : 1));
  }

  const auto back = core.on_node_heard_again(node_id{1}, incarnation{101}, start + 70s);
  CHECK(the<head_core::node_joined>(back).node.id == node_id{1});
  CHECK(all<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start + 70s)).size() == 1);

  core.on_node_silent(node_id{1}, incarnation{101}, start + 71s);
  CHECK(the<head_core::node_forgotten>(core.on_node_link_lost(node_id{1}, incarnation{101}, start + 72s)).node ==
        node_id{4}); // The oldest of the two that have no link.
}

TEST_CASE("head core: a lost node that is heard again when another has its name is told so") {
  auto core = cluster(1);
  core.on_node_silent(node_id{1}, incarnation{101}, start);
  auto namesake = hello(2);
  namesake.node.name = "node-1";
  REQUIRE(core.on_node_hello(namesake, start + 1s));

  const auto back = core.on_node_heard_again(node_id{1}, incarnation{101}, start + 2s);

  CHECK(the<head_core::node_refused>(back).why.message ==
        "a node named \"node-1\" is already in this cluster (at 10.0.0.1:7000); choose another with --name");
  CHECK(core.nodes().size() == 1);
}

TEST_CASE("head core: what only a forgotten node could hold is refused") {
  auto o = options();
  o.max_dead_nodes = 1;
  auto core = cluster(2, o);
  REQUIRE(core.on_node_hello(hello(3, cpus(16)), start));
  const auto large = the<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(16)), start));
  core.on_lease_accepted(large.node, large.lease.lease, start);
  core.on_demand(bob, request_id{1}, wants(cpus(16)), start);
  const auto lose = [&](std::uint64_t id, instant when) {
    core.on_node_silent(node_id{id}, incarnation{100 + id}, when);
    return core.on_node_link_lost(node_id{id}, incarnation{100 + id}, when);
  };

  CHECK(all<head_core::answer_refused>(lose(3, start + 1s)).empty()); // It may come back.
  const auto forgotten = lose(2, start + 2s);

  CHECK(the<head_core::node_forgotten>(forgotten).node == node_id{3});
  CHECK(the<head_core::answer_refused>(forgotten).why.code == errc::infeasible);
}

TEST_CASE("head core: a node that drains or leaves gets nothing new") {
  auto core = cluster(2);
  core.on_node_draining(node_id{1}, start);
  CHECK(core.nodes().at(0).state == head_core::node_state::draining);
  CHECK(the<head_core::grant>(core.on_demand(alice, request_id{1}, wants(cpus(1)), start)).node == node_id{2});

  CHECK(all<head_core::node_forgotten>(core.on_node_leaves(node_id{1}, incarnation{101}, start)).size() == 1);
  CHECK(core.nodes().size() == 1);
  CHECK(!core.on_node_hello(hello(1), start)); // Late.
}

TEST_CASE("head core: nodes that do not belong here are told why") {
  auto core = cluster(1);
  auto twin = hello(2);
  twin.node.name = "node-1";
  auto newer = hello(2);
  newer.version = "0.2.0";
  auto foreign = hello(2);
  foreign.cluster = "fedcba9876543210";

  CHECK(core.on_node_hello(twin, start).error() ==
        error{errc::already_exists, "a node named \"node-1\" is already in this cluster (at 10.0.0.1:7000); choose "
                                    "another with --name"});
  CHECK(core.on_node_hello(newer, start).error() ==
        error{errc::incompatible, "this head runs caf-tune 0.1.0 but the node runs 0.2.0; install the same version on "
                                  "both"});
  CHECK(core.on_node_hello(foreign, start).error() ==
        error{errc::incompatible, "state directory belongs to cluster fedcba98…, this is cluster abcdef01…; choose "
                                  "another with --state"});
  CHECK(core.on_owner_hello(owner_id{12}, "eve", "0.2.0", {}, start).error() ==
        error{errc::incompatible, "this head runs caf-tune 0.1.0 but the driver runs 0.2.0; install the same version "
                                  "on both"});
}

TEST_CASE("head core: an owner that is gone loses its leases, demands and actors, unless it is back within the grace") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(4));
  core.on_demand(alice, request_id{2}, wants(cpus(1)), start);
  REQUIRE(core.reserve_name(alice, actor_id{5}, "hits"));
  core.on_owner_link_lost(alice, start);
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", {}, start + 500ms));
  CHECK(core.on_time(start + 1s).empty());

  core.on_owner_link_lost(alice, start + 2s);
  const auto gone = core.on_time(start + 3s);

  CHECK(the<head_core::end>(gone).lease == lease.lease);
  CHECK(core.queue().size() == 0);
  CHECK(!core.actors().find("hits"));
}

TEST_CASE("head core: of an owner that leaves everything is ended at once, and nothing that comes late revives it") {
  auto core = cluster(1);
  const auto lease = granted(core, 1, cpus(4));
  core.on_demand(alice, request_id{2}, wants(cpus(1)), start);
  core.on_demand(bob, request_id{1}, wants(cpus(4)), start);
  REQUIRE(core.reserve_name(alice, actor_id{5}, "hits"));

  const auto left = core.on_owner_leaves(alice, start);

  CHECK(the<head_core::end>(left).lease == lease.lease);
  CHECK(the<head_core::owner_lost>(left).why == "it left");
  CHECK(core.queue().size() == 1);
  CHECK(!core.actors().find("hits"));
  CHECK(the<head_core::grant>(core.on_lease_ended(node_id{1}, lease.lease, start)).lease.owner == bob);
  CHECK(core.on_owner_leaves(alice, start).empty());
  CHECK(core.on_demand(alice, request_id{3}, wants(cpus(1)), start).empty());
  CHECK(core.on_owner_link_lost(alice, start).empty());
}

TEST_CASE("head core: leases of an earlier head are adopted when their owner comes, else ended") {
  auto core = cluster(0);
  const owner_id carol{12};
  const held_lease first{lease_id{(std::uint64_t{1} << 40) | 1}, carol, cpus(1), {}, false};
  const held_lease second{lease_id{(std::uint64_t{1} << 40) | 2}, owner_id{13}, cpus(1), {}, false};
  REQUIRE(core.on_node_hello(hello(1, cpus(4), {first, second}), start));

  const auto came = core.on_owner_hello(carol, "carol", "0.1.0", {}, start + 9s);
  REQUIRE(came);
  const auto asked = the<head_core::answer_granted>(*came); // Perhaps the earlier head's answer was lost with it.
  CHECK(asked.request == request_id{});
  CHECK(asked.leases.at(0).lease == first.lease);
  const auto late = core.on_time(start + 10s);

  CHECK(the<head_core::end>(late).lease == second.lease);
  CHECK(core.leases().at(0).owner_name == "carol");
  CHECK(core.on_lease_ended(node_id{1}, first.lease, start + 11s).size() == 1);
  const auto late_hello = *core.on_node_hello(hello(1, cpus(4), {first}), start + 12s);
  CHECK(all<head_core::end>(late_hello).at(0).lease == first.lease); // It is over, and not adopted again.
}

TEST_CASE("head core: an owner that is there already is asked about each lease of an earlier head that a node brings") {
  auto core = cluster(0);
  const held_lease brought{lease_id{(std::uint64_t{1} << 40) | 1}, alice, cpus(1), {}, false};

  const auto asked = the<head_core::answer_granted>(*core.on_node_hello(hello(1, cpus(4), {brought}), start));

  CHECK(asked.owner == alice);
  CHECK(asked.request == request_id{});
  CHECK(asked.leases.at(0).lease == brought.lease);
}

TEST_CASE("head core: a quota holds back its owner only, and says so") {
  auto core = cluster(1);
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", cpus(2), start));
  granted(core, 1, cpus(2));

  CHECK(the<head_core::answer_waits>(core.on_demand(alice, request_id{2}, wants(cpus(1)), start)).why ==
        "waits for cpu=1: its owner holds cpu=2 and its quota is cpu=2");
  CHECK(the<head_core::answer_refused>(core.on_demand(alice, request_id{3}, wants(cpus(3)), start)).why.message ==
        "wants cpu=3 at once but its owner's quota is cpu=2");
  CHECK(all<head_core::grant>(core.on_demand(bob, request_id{1}, wants(cpus(1)), start)).size() == 1);
}

TEST_CASE("head core: what a quota blocks keeps no room from others, also if it had reserved it before") {
  auto core = cluster(0);
  REQUIRE(core.on_node_hello(hello(1, cpus(8)), start));
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", cpus(6), start));
  REQUIRE(all<head_core::grant>(core.on_demand(bob, request_id{1}, wants(cpus(5)), start)).size() == 1);
  core.on_demand(alice, request_id{1}, wants(cpus(4)), start);
  core.on_time(start + 10s); // Her patience ends: the three cpus that are free are kept for her.
  REQUIRE(all<head_core::grant>(core.on_demand(bob, request_id{2}, wants(cpus(3)), start + 10s)).empty());

  SUBCASE("because she comes to hold more elsewhere") {
    REQUIRE(core.on_node_hello(hello(2, cpus(3)), start + 11s)); // Bob's second one goes there.
    REQUIRE(core.on_node_hello(hello(3, cpus(3)), start + 11s));
    const auto hers = core.on_demand(alice, request_id{2}, wants(cpus(3)), start + 11s);
    CHECK(the<head_core::grant>(hers).node == node_id{3});
  }
  SUBCASE("because she comes back with a smaller quota") {
    const auto given_up = *core.on_owner_hello(alice, "alice", "0.1.0", cpus(3), start + 11s);
    CHECK(the<head_core::grant>(given_up).lease.owner == bob); // His second one.
    REQUIRE(core.on_node_hello(hello(2, cpus(3)), start + 11s));
  }
  core.on_time(start + 30s); // Another patience later it still reserves nothing.

  CHECK(!core.books().find(node_id{1})->kept_for);
  CHECK(!all<head_core::grant>(core.on_demand(bob, request_id{3}, wants(cpus(3)), start + 30s)).empty());
}

TEST_CASE("head core: what a quota blocked reserves room again when the quota admits it and it still starves") {
  auto core = cluster(1);
  REQUIRE(core.on_node_hello(hello(2, cpus(1)), start));
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", cpus(4), start));
  const auto theirs = the<head_core::grant>(core.on_demand(bob, request_id{1}, wants(cpus(2)), start));
  REQUIRE(theirs.node == node_id{1});
  const auto hers = the<head_core::grant>(core.on_demand(alice, request_id{2}, wants(cpus(1)), start));
  core.on_demand(alice, request_id{1}, wants(cpus(4)), start);
  core.on_time(start + 10s);
  REQUIRE(!core.books().find(node_id{1})->kept_for);

  core.on_lease_accepted(hers.node, hers.lease.lease, start + 11s);
  core.on_lease_ended(hers.node, hers.lease.lease, start + 11s);
  core.on_time(start + 20s);

  CHECK(core.books().find(node_id{1})->kept_for);
}

TEST_CASE("head core: a group is answered when all its bundles are confirmed") {
  auto core = cluster(2);
  const auto orders =
    all<head_core::grant>(core.on_group(alice, request_id{1}, group(group_strategy::strict_spread, 2, 3), start));
  REQUIRE(orders.size() == 2);
  CHECK(orders[0].lease.bundle);

  CHECK(core.on_lease_accepted(orders[0].node, orders[0].lease.lease, start).empty());
  const auto answer =
    the<head_core::answer_granted>(core.on_lease_accepted(orders[1].node, orders[1].lease.lease, start));

  REQUIRE(answer.leases.size() == 2);
  CHECK(answer.leases[0].bundle == 0);
  CHECK(answer.leases[1].bundle == 1);
  CHECK(answer.leases[0].node != answer.leases[1].node);
}

TEST_CASE("head core: one refusal gives a group's other bundles back, and the group waits again as a whole") {
  auto core = cluster(2);
  const auto orders =
    all<head_core::grant>(core.on_group(alice, request_id{1}, group(group_strategy::strict_spread, 2, 3), start));
  core.on_lease_accepted(orders[0].node, orders[0].lease.lease, start);

  const auto refused = core.on_lease_refused(orders[1].node, orders[1].lease.lease, {errc::refused, "fenced"}, start);

  CHECK(the<head_core::end>(refused).lease == orders[0].lease.lease);
  core.on_lease_ended(orders[0].node, orders[0].lease.lease, start);
  CHECK(all<head_core::grant>(core.on_time(start + 500ms)).size() == 2);
}

TEST_CASE("head core: bundles of a lost node are placed again, by the rule of their group") {
  auto core = cluster(3);
  const auto orders =
    all<head_core::grant>(core.on_group(alice, request_id{1}, group(group_strategy::strict_spread, 2, 3), start));
  for (const auto& o : orders)
    core.on_lease_accepted(o.node, o.lease.lease, start);

  const auto lost = core.on_node_silent(node_id{1}, incarnation{101}, start);
  const auto order = the<head_core::grant>(lost);

  CHECK(the<head_core::lease_lost>(lost).lease == orders[0].lease.lease);
  CHECK(order.node == node_id{3});
  const auto answer = the<head_core::answer_granted>(core.on_lease_accepted(order.node, order.lease.lease, start));
  REQUIRE(answer.leases.size() == 1);
  CHECK(answer.leases[0].bundle == 0);
  const auto state = *core.on_owner_hello(alice, "alice", "0.1.0", {}, start);
  CHECK(the<head_core::answer_granted>(state).leases.size() == 2);
}

TEST_CASE(
  "head core: of a group that an earlier head granted only what is missing is placed, whenever its nodes come") {
  auto core = cluster(0);
  REQUIRE(core.on_owner_hello(alice, "alice", "0.1.0", cpus(6), start)); // Never enough for both.
  const auto bundle = [](std::uint64_t number) {
    return held_lease{lease_id{(std::uint64_t{1} << 40) | number}, alice, cpus(2), {}, true};
  };
  const std::vector<held_bundle> held{{0, bundle(1).lease}, {2, bundle(3).lease}};
  REQUIRE(core.on_node_hello(hello(1, cpus(2), {bundle(1)}), start));

  const auto asked = core.on_group(alice, request_id{7}, group(group_strategy::strict_spread, 3, 2), start, held);
  CHECK(the<head_core::answer_granted>(asked).leases.at(0).lease == bundle(1).lease);
  CHECK(all<head_core::answer_waits>(asked).size() == 1);
  const auto back = *core.on_node_hello(hello(3, cpus(2), {bundle(3)}), start + 1s); // No room for another bundle.
  CHECK(all<head_core::answer_granted>(back).back().leases.size() == 2);
  CHECK(all<head_core::grant>(back).empty());

  const auto order = the<head_core::grant>(*core.on_node_hello(hello(2, cpus(2)), start + 2s));
  const auto placed = the<head_core::answer_granted>(core.on_lease_accepted(node_id{2}, order.lease.lease, start + 2s));
  CHECK(placed.request == request_id{7});
  CHECK(placed.leases.at(0).bundle == 1);
  CHECK(core.queue().size() == 0);

  SUBCASE("then its bundles are placed again as those of any group") {
    core.on_node_link_lost(node_id{3}, incarnation{103}, start + 3s);
    CHECK(the<head_core::lease_lost>(core.on_time(start + 4s)).lease == bundle(3).lease);
    CHECK(the<head_core::grant>(*core.on_node_hello(hello(4, cpus(4)), start + 5s)).lease.bundle);
  }
  SUBCASE("and given back with it") {
    CHECK(all<head_core::end>(core.on_cancel(alice, request_id{7}, start + 3s)).size() == 3);
  }
}

TEST_CASE("head core: nobody gets another's lease, or another size, by claiming it for a group") {
  auto core = cluster(0);
  const held_lease bobs{lease_id{(std::uint64_t{1} << 40) | 1}, bob, cpus(2), {}, true};
  const held_lease small{lease_id{(std::uint64_t{1} << 40) | 2}, alice, cpus(1), {}, true};
  const held_lease no_bundle{lease_id{(std::uint64_t{1} << 40) | 3}, alice, cpus(2), {}, false};
  REQUIRE(core.on_node_hello(hello(1, cpus(8), {bobs, small, no_bundle}), start));

  const auto asked = core.on_group(alice, request_id{7}, group(group_strategy::pack, 1, 2), start,
                                   {{0, bobs.lease}, {0, small.lease}, {0, no_bundle.lease}, {9, small.lease}});

  CHECK(the<head_core::grant>(asked).lease.resources == cpus(2));
}

TEST_CASE("head core: who has not said hello, and what has no number, is not served") {
  auto core = cluster(1);

  CHECK(core.on_demand(owner_id{99}, request_id{1}, wants(cpus(1)), start).empty());
  CHECK(the<head_core::answer_refused>(core.on_demand(alice, request_id{}, wants(cpus(1)), start)).why.code ==
        errc::invalid_argument);
}

TEST_CASE("head core: options out of range are all named") {
  auto o = options();
  o.epoch = 0;
  o.patience = 0s;

  CHECK(validate(o).error().message == "head options: epoch must be 1 to 2^24-1; patience must be more than 0");
  CHECK(validate(options()));
}
