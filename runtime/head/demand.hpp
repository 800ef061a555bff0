#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/resources/gpu_share.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

/// name=value of a node, or what a demand asks of one.
using label_map = std::map<std::string, std::string>;

enum class placement_kind {
  hybrid, ///< Pack until half of a node is used, then spread. As in Ray's hybrid policy.
  spread, ///< The least used node.
  pack,   ///< The most used node that still has room.
  node,   ///< The one that is named.
};

/// Which of the nodes that have room a demand gets. Ties go to the smaller node id.
struct placement_strategy {
  placement_kind kind = placement_kind::hybrid;
  std::string node_name; ///< For placement_kind::node only.
  bool soft = false;     ///< For placement_kind::node only: another node will do.

  friend bool operator==(const placement_strategy& a, const placement_strategy& b) noexcept {
    return a.kind == b.kind && a.node_name == b.node_name && a.soft == b.soft;
  }
  friend bool operator!=(const placement_strategy& a, const placement_strategy& b) noexcept { return !(a == b); }
};

/// What must fit on one node at once.
struct demand {
  resource_set resources;
  placement_strategy placement;
  label_map required_labels;    ///< Only a node that has all of them.
  label_map preferred_labels;   ///< A node that has more of them comes first.
  std::int32_t priority = 0;    ///< More urgent is larger.
  bool waits_for_nodes = false; ///< That it fits on no node is no error: one may come.
  std::string avoided_node;     ///< Empty: none. Any other node with room comes first; it never waits for one.

  friend bool operator==(const demand& a, const demand& b) noexcept {
    return a.resources == b.resources && a.placement == b.placement && a.required_labels == b.required_labels &&
           a.preferred_labels == b.preferred_labels && a.priority == b.priority &&
           a.waits_for_nodes == b.waits_for_nodes && a.avoided_node == b.avoided_node;
  }
  friend bool operator!=(const demand& a, const demand& b) noexcept { return !(a == b); }
};

enum class group_strategy {
  pack,          ///< On as few nodes as possible.
  spread,        ///< On as many as possible.
  strict_pack,   ///< On one.
  strict_spread, ///< Each on another.
};

/// Bundles that are granted all at once or not at all.
struct group_demand {
  static constexpr std::size_t max_bundles = 1'000;

  std::vector<resource_set> bundles; ///< At least one, at most max_bundles.
  group_strategy strategy = group_strategy::pack;
  label_map required_labels; ///< Of each bundle's node.
  label_map preferred_labels;
  std::int32_t priority = 0;
  bool waits_for_nodes = false;

  friend bool operator==(const group_demand& a, const group_demand& b) noexcept {
    return a.bundles == b.bundles && a.strategy == b.strategy && a.required_labels == b.required_labels &&
           a.preferred_labels == b.preferred_labels && a.priority == b.priority &&
           a.waits_for_nodes == b.waits_for_nodes;
  }
  friend bool operator!=(const group_demand& a, const group_demand& b) noexcept { return !(a == b); }
};

/// Which lease an owner has for one bundle of a group.
struct held_bundle {
  std::uint32_t bundle = 0; ///< Its index in the group's demand.
  lease_id lease;
};

/// A lease as its owner hears of it.
struct granted_lease {
  lease_id lease;
  node_id node;
  incarnation node_incarnation;
  std::string node_name;
  std::string host; ///< Where the node is reached.
  std::uint16_t port = 0;
  resource_set resources;
  std::vector<gpu_share> gpus;
  std::uint32_t bundle = 0; ///< Its index in the group's demand; 0 for an ordinary lease.
};

/// A lease as head and node speak of it.
struct held_lease {
  lease_id lease;
  owner_id owner;
  resource_set resources;
  std::vector<gpu_share> gpus;
  bool bundle = false; ///< Held until it is released, whatever runs in it.
};

struct node_description {
  node_id id;
  incarnation start; ///< Of this start of its process.
  std::string name;
  std::string host;
  std::uint16_t port = 0;
  resource_set total;
  label_map labels;
};

/// What a node says first on each link.
struct node_hello {
  node_description node;
  std::string version;
  std::string cluster;            ///< That its state belongs to; empty when new.
  std::vector<held_lease> leases; ///< All that it holds.
  bool draining = false;
};

} // namespace runtime
