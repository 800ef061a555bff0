#include "tests/simulation/faults.hpp"

#include <utility>

using namespace std::chrono_literals;

namespace sim {
namespace {

machine any_node(const cluster& c, random_stream& random) {
  return 1 + static_cast<machine>(random.below(c.options().nodes));
}

/// Two that talk to each other: not two nodes, and not two owners.
std::pair<machine, machine> any_pair(const cluster& c, random_stream& random) {
  const auto owner = 1 + c.options().nodes + static_cast<machine>(random.below(c.options().owners));
  switch (random.below(4)) {
  case 0: return {cluster::head_machine, owner};
  case 1:
  case 2: return {owner, any_node(c, random)};
  default: return {cluster::head_machine, any_node(c, random)};
  }
}

} // namespace

fault link_breaks(std::chrono::nanoseconds every) {
  return {"link breaks", every, [](cluster& c, random_stream& random) {
            const auto [a, b] = any_pair(c, random);
            c.net().reset(a, b, 5ms, 5ms);
          }};
}

fault half_open_links(std::chrono::nanoseconds every) {
  return {"half open links", every, [](cluster& c, random_stream& random) {
            auto [a, b] = any_pair(c, random);
            if (random.chance(0.5))
              std::swap(a, b);
            c.net().reset(a, b, 5ms, 5s);
          }};
}

fault partitions(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"partitions", every, [longest](cluster& c, random_stream& random) {
            const auto [a, b] = any_pair(c, random);
            const auto heals = c.net().now() + between(random, 100ms, longest);
            const auto ways = random.below(3);
            if (ways != 1)
              c.net().block(a, b);
            if (ways != 2)
              c.net().block(b, a);
            c.net().at(heals, [&net = c.net(), a = a, b = b] {
              net.unblock(a, b);
              net.unblock(b, a);
            });
          }};
}

fault isolations(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"isolations", every, [longest](cluster& c, random_stream& random) {
            const auto node = any_node(c, random);
            c.isolate(node);
            c.net().at(c.net().now() + between(random, 100ms, longest), [&c, node] { c.rejoin(node); });
          }};
}

fault node_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"node deaths", every, [longest](cluster& c, random_stream& random) {
            const auto node = any_node(c, random);
            c.kill_node(node, random.chance(0.5) ? 5ms : 3s);
            c.net().at(c.net().now() + between(random, 50ms, longest), [&c, node] { c.start_node(node); });
          }};
}

fault head_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"head deaths", every, [longest](cluster& c, random_stream& random) {
            c.kill_head(random.chance(0.5) ? 5ms : 3s);
            c.net().at(c.net().now() + between(random, 50ms, longest), [&c] { c.start_head(); });
          }};
}

fault owner_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"owner deaths", every, [longest](cluster& c, random_stream& random) {
            const auto i = random.below(c.options().owners);
            c.kill_owner(i, random.chance(0.5) ? 5ms : 3s);
            c.net().at(c.net().now() + between(random, 50ms, longest), [&c, i] { c.start_owner(i); });
          }};
}

fault owner_departures(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"owner departures", every, [longest](cluster& c, random_stream& random) {
            const auto i = random.below(c.options().owners);
            c.let_owner_leave(i);
            c.net().at(c.net().now() + between(random, 2s, 2s + longest), [&c, i] { c.start_owner(i); });
          }};
}

fault drains(std::chrono::nanoseconds every, std::chrono::nanoseconds longest) {
  return {"drains", every, [longest](cluster& c, random_stream& random) {
            const auto node = any_node(c, random);
            c.drain_node(node);
            c.net().at(c.net().now() + between(random, 50ms, longest), [&c, node] { c.restart_if_drained(node); });
          }};
}

fault repeated_messages(std::chrono::nanoseconds every) {
  return {"repeated messages", every, [](cluster& c, random_stream&) { c.net().repeat_until(c.net().now() + 500ms); }};
}

fault worker_crashes(std::chrono::nanoseconds every) {
  return {"worker crashes", every, [](cluster& c, random_stream& random) {
            if (const auto& node = c.nodes().at(any_node(c, random)); node.shell)
              node.workers->crash_one(random);
          }};
}

} // namespace sim
