#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/resources/resource_book.hpp"

namespace runtime {

/// Who asks for room: what is reserved is kept from others of no higher priority.
struct claimant {
  owner_id owner;
  request_id request;
  std::int32_t priority = 0;

  friend bool operator==(const claimant& a, const claimant& b) noexcept {
    return a.owner == b.owner && a.request == b.request;
  }
};

/// The head's book of each node, and which node a demand should get.
///
/// Hybrid packs the nodes that are used less than half, by id, and then takes the least used one, as Ray's hybrid
/// policy does; like pack it keeps demands without gpu away from nodes with gpus while others have room. Nodes are
/// indexed by use, so that a choice among a thousand costs as much as one among a few; labels cost a look at each node.
class placement {
public:
  struct reservation {
    claimant whose;
    resource_set resources;
  };
  struct node {
    node_id id;
    std::string name;
    label_map labels;
    resource_book book;
    bool open = true; ///< Takes new leases.
    std::optional<reservation> kept_for;
  };

  void add(const node_description& what); ///< Replaces a node of the same id, and what it held.
  void remove(node_id id);
  void set_open(node_id id, bool open);
  const node* find(node_id id) const;
  const node* find(const std::string& name) const;
  const std::map<node_id, std::size_t>& ids() const noexcept { return slots_; } ///< In order.
  std::size_t size() const noexcept { return slots_.size(); }

  [[nodiscard]] result<std::vector<gpu_share>> take(node_id id, lease_id lease, const resource_set& resources);
  [[nodiscard]] result<void> take_exactly(node_id id, const held_lease& lease);
  bool give_back(node_id id, lease_id lease); ///< False if it held nothing, or the node is gone.

  /// The node that the demand should get now.
  std::optional<node_id> choose(const demand& wants, const claimant& who) const;
  /// The same by looking at every node: for labels, and to test the index against.
  std::optional<node_id> choose_by_scan(const demand& wants, const claimant& who) const;
  bool has_room(const node& n, const resource_set& resources, const claimant& who) const;
  /// What is free for others than the one it is reserved for. Nothing if the reserved part is not complete.
  std::optional<resource_stock> room_for(const node& n, const claimant& who) const;

  /// Could hold it if it were empty; whether it is open does not matter.
  static bool may_ever_hold(const node& n, const demand& wants);
  bool fits_somewhere_ever(const demand& wants) const;

  /// Keeps resources on a node for one who waits: others get only what is left beside them. One for each node.
  void reserve(node_id id, reservation what);
  /// The node that would soonest have room: the least used one that could hold the demand and is not reserved.
  std::optional<node_id> choose_to_reserve(const demand& wants) const;
  std::vector<node_id> cancel_reservations(const claimant& whose); ///< The nodes that were reserved.

private:
  using rank = std::pair<double, node_id>; ///< Utilisation, then id.
  /// Open nodes of one kind, without or with gpus.
  struct ordered {
    std::set<rank> by_use;
    std::set<node_id> half_empty; ///< Used less than half.
  };
  struct slot {
    std::optional<node> what;
    std::optional<rank> indexed;
    bool in_half_empty = false;
  };
  using most_free = std::array<amount, 3>; ///< cpu, gpu, memory.

  node& at(node_id id);
  const node& at_slot(std::size_t i) const { return *slots_of_nodes_[i].what; }
  void index(std::size_t i); ///< After any change to its node.
  void unindex(std::size_t i);
  void set_most_free(std::size_t i, most_free value);
  bool may_be_room(const resource_set& resources) const noexcept;
  std::optional<node_id> choose_named(const demand& wants, const claimant& who) const;
  std::optional<node_id> first_half_empty(const ordered& nodes, const resource_set& r, const claimant& who) const;
  std::optional<node_id> least_used(const ordered& nodes, double from, const resource_set& r,
                                    const claimant& who) const;
  std::optional<node_id> most_used(const ordered& nodes, const resource_set& r, const claimant& who) const;
  std::optional<node_id> least_used_of_all(const resource_set& r, const claimant& who) const;

  std::vector<slot> slots_of_nodes_;
  std::vector<std::size_t> unused_slots_;
  std::map<node_id, std::size_t> slots_;
  std::unordered_map<node_id, std::size_t> fast_slots_;
  std::map<std::string, std::set<node_id>> names_;
  std::array<ordered, 2> order_; ///< Without gpus, with.
  // A tournament over the slots: the root says at once that nothing is free anywhere.
  std::vector<most_free> tree_;
  std::size_t leaves_ = 0;
  std::set<node_id> reserved_;
};

/// How many of the wanted labels a node has.
std::size_t count_matching(const label_map& wanted, const label_map& has);
bool has_all(const label_map& required, const label_map& has);

} // namespace runtime
