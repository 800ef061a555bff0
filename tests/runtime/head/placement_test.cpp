#include "runtime/head/placement.hpp"

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

namespace {

const claimant anybody{owner_id{1}, request_id{1}, 0};

node_description described(std::uint64_t id, resource_set total, label_map labels = {}) {
  return {node_id{id}, incarnation{id}, fmt::format("node-{}", id), "host", 1, std::move(total), std::move(labels)};
}

/// Nodes of 4 cpus.
placement nodes_of_four(std::uint64_t count) {
  placement nodes;
  for (std::uint64_t id = 1; id <= count; ++id)
    nodes.add(described(id, cpus(4)));
  return nodes;
}

demand wants_cpus(double n, placement_kind kind = placement_kind::hybrid) {
  demand d;
  d.resources = cpus(n);
  d.placement.kind = kind;
  return d;
}

/// Where the demands go one after the other.
std::vector<std::uint64_t> places(placement& nodes, const demand& wants, int count) {
  std::vector<std::uint64_t> found;
  for (int i = 0; i < count; ++i) {
    const auto id = nodes.choose(wants, anybody);
    found.push_back(id ? id->value : 0);
    if (id)
      REQUIRE(nodes.take(*id, lease_id{100 + static_cast<std::uint64_t>(i)}, wants.resources));
  }
  return found;
}

} // namespace

TEST_CASE("placement: hybrid packs until half of a node is used, then spreads") {
  auto nodes = nodes_of_four(2);

  CHECK(places(nodes, wants_cpus(1), 9) == std::vector<std::uint64_t>{1, 1, 2, 2, 1, 2, 1, 2, 0});
}

TEST_CASE("placement: spread takes the least used node, pack the most used one") {
  auto spread = nodes_of_four(3);
  auto pack = nodes_of_four(3);

  CHECK(places(spread, wants_cpus(1, placement_kind::spread), 4) == std::vector<std::uint64_t>{1, 2, 3, 1});
  CHECK(places(pack, wants_cpus(1, placement_kind::pack), 5) == std::vector<std::uint64_t>{1, 1, 1, 1, 2});
}

TEST_CASE("placement: what wants no gpu leaves nodes with gpus to others while it can") {
  placement nodes;
  auto with_gpu = cpus(4);
  with_gpu.set("gpu", amount::whole(1));
  nodes.add(described(1, with_gpu));
  nodes.add(described(2, cpus(2)));

  CHECK(places(nodes, wants_cpus(1), 3) == std::vector<std::uint64_t>{2, 2, 1});
}

TEST_CASE("placement: an affinity is kept, or yields if it is soft") {
  auto nodes = nodes_of_four(2);
  auto hard = wants_cpus(3, placement_kind::node);
  hard.placement.node_name = "node-2";
  auto soft = hard;
  soft.placement.soft = true;

  CHECK(places(nodes, hard, 2) == std::vector<std::uint64_t>{2, 0});
  CHECK(nodes.choose(soft, anybody) == node_id{1});
}

TEST_CASE("placement: required labels must be there, preferred ones come first") {
  placement nodes;
  nodes.add(described(1, cpus(4)));
  nodes.add(described(2, cpus(4), {{"zone", "eu"}}));
  nodes.add(described(3, cpus(4), {{"zone", "eu"}, {"disk", "ssd"}}));
  auto wants = wants_cpus(1);
  wants.required_labels = {{"zone", "eu"}};
  CHECK(nodes.choose(wants, anybody) == node_id{2});

  wants.preferred_labels = {{"disk", "ssd"}};
  CHECK(nodes.choose(wants, anybody) == node_id{3});
  wants.required_labels = {{"zone", "us"}};
  CHECK(!nodes.choose(wants, anybody));
}

TEST_CASE("placement: an avoided node comes last, before what labels are preferred, but nothing waits because of it") {
  placement nodes;
  nodes.add(described(1, cpus(4), {{"disk", "ssd"}}));
  nodes.add(described(2, cpus(4)));
  auto wants = wants_cpus(1);
  CHECK(nodes.choose(wants, anybody) == node_id{1});

  wants.avoided_node = nodes.find(node_id{1})->name;
  wants.preferred_labels = {{"disk", "ssd"}};
  CHECK(nodes.choose(wants, anybody) == node_id{2});
  REQUIRE(nodes.take(node_id{2}, lease_id{1}, cpus(4)));
  CHECK(nodes.choose(wants, anybody) == node_id{1});

  wants.placement = {placement_kind::node, "no such node", /*soft=*/true};
  REQUIRE(nodes.give_back(node_id{2}, lease_id{1}));
  CHECK(nodes.choose(wants, anybody) == node_id{2});
}

TEST_CASE("placement: a closed node gets nothing") {
  auto nodes = nodes_of_four(2);

  nodes.set_open(node_id{1}, false);
  CHECK(nodes.choose(wants_cpus(1), anybody) == node_id{2});
  nodes.set_open(node_id{1}, true);
  CHECK(nodes.choose(wants_cpus(1), anybody) == node_id{1});
}

TEST_CASE("placement: of a reserved node others get only what is left beside the reservation") {
  auto nodes = nodes_of_four(1);
  const claimant waiting{owner_id{2}, request_id{7}, 0};
  REQUIRE(nodes.take(node_id{1}, lease_id{1}, cpus(2)));
  nodes.reserve(node_id{1}, {waiting, cpus(3)});

  CHECK(!nodes.choose(wants_cpus(1), anybody));
  CHECK(nodes.choose(wants_cpus(1), claimant{owner_id{1}, request_id{2}, /*priority=*/1}) == node_id{1});
  REQUIRE(nodes.give_back(node_id{1}, lease_id{1}));
  CHECK(nodes.choose(wants_cpus(1), anybody) == node_id{1});
  CHECK(!nodes.choose(wants_cpus(2), anybody));
  CHECK(nodes.choose(wants_cpus(3), waiting) == node_id{1});
  CHECK(nodes.cancel_reservations(waiting) == std::vector<node_id>{node_id{1}});
  CHECK(nodes.choose(wants_cpus(4), anybody) == node_id{1});
}

TEST_CASE("placement: the index chooses what a look at every node chooses") {
  for_each_seed(300, [](seed s) {
    random_stream random(s, "placement");
    placement nodes;
    std::vector<std::pair<node_id, lease_id>> held;
    for (std::uint64_t step = 1; step <= 200; ++step) {
      const node_id id{1 + random.below(12)};
      if (!nodes.find(id) || random.chance(0.02)) {
        auto total = cpus(static_cast<double>(1 + random.below(4)));
        total.set("gpu", amount::whole(static_cast<std::int64_t>(random.below(3))));
        nodes.add(described(id.value, total));
      } else if (random.chance(0.05))
        nodes.set_open(id, random.chance(0.7));
      else if (random.chance(0.02))
        nodes.remove(id);
      if (!held.empty() && random.chance(0.4)) {
        const auto [node, lease] = held[random.below(held.size())];
        nodes.give_back(node, lease);
      }
      auto wants = wants_cpus(static_cast<double>(random.below(5)) * 0.5, static_cast<placement_kind>(random.below(3)));
      if (random.chance(0.3))
        wants.resources.set("gpu", amount::from_units(random.chance(0.5) ? 3'000 : 10'000));

      const auto chosen = nodes.choose(wants, anybody);

      REQUIRE(chosen == nodes.choose_by_scan(wants, anybody));
      if (chosen) {
        held.emplace_back(*chosen, lease_id{step});
        REQUIRE(nodes.take(*chosen, lease_id{step}, wants.resources));
      }
    }
  });
}
