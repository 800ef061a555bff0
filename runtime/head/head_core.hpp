#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/head/head_options.hpp"

namespace runtime {

/// The head's decisions: which nodes are in the cluster, who gets which lease on which node, and what is lost when a
/// node or an owner goes. Grants on its books and hears from the node, the last judge, before it tells the owner; gives
/// resources back to its books only when the node said that the lease has ended, or was declared dead, or came back as
/// another incarnation (I1).
///
/// Every event may come twice, late, or about things that are long gone: it then changes nothing, except that a node
/// which speaks of a lease that is over is told again to end it. Orders to nodes are repeated until they are answered.
class head_core {
public:
  // To nodes.
  struct grant {
    node_id node;
    held_lease lease;
  };
  struct end {
    node_id node;
    lease_id lease;
    std::string why;
  };
  struct hear_end {
    node_id node;
    lease_id lease;
  };
  // To owners.
  struct answer_granted {
    owner_id owner;
    request_id request;
    std::vector<granted_lease> leases;
  };
  struct answer_waits {
    owner_id owner;
    request_id request;
    std::string why;
  };
  struct answer_refused {
    owner_id owner;
    request_id request;
    error why;
  };
  struct lease_lost {
    owner_id owner;
    lease_id lease;
    error why;
  };
  // To the shell itself.
  struct node_joined {
    node_description node;
  }; ///< Watch it.
  struct node_lost {
    node_id node;
    incarnation start;
    std::string name;
    std::string why;
  }; ///< May come back.
  struct node_forgotten {
    node_id node;
    incarnation start;
  }; ///< Will not: watch it no more.
  struct owner_lost {
    owner_id owner;
    std::string name;
  };
  using action = std::variant<grant, end, hear_end, answer_granted, answer_waits, answer_refused, lease_lost,
                              node_joined, node_lost, node_forgotten, owner_lost>;
  using actions = std::vector<action>; ///< To be performed in this order.

  // From nodes. An error is for the node: it is refused and ends.
  [[nodiscard]] result<actions> on_node_hello(const node_hello& hello, instant now);
  actions on_lease_accepted(node_id node, lease_id lease, instant now);
  actions on_lease_refused(node_id node, lease_id lease, const error& why, instant now);
  actions on_lease_ended(node_id node, lease_id lease, instant now);
  actions on_node_draining(node_id node, instant now);
  actions on_node_leaves(node_id node, incarnation start, instant now);
  // About nodes.
  actions on_node_link_lost(node_id node, instant now); ///< The last of its links.
  actions on_node_silent(node_id node, incarnation start, instant now);
  actions on_node_heard_again(node_id node, incarnation start, instant now); ///< Its link was never lost.

  // From owners, and about them. An error is for the owner: it is refused.
  [[nodiscard]] result<actions> on_owner_hello(owner_id owner, const std::string& name, const std::string& version,
                                               const resource_set& quota, instant now);
  actions on_owner_link_lost(owner_id owner, instant now);
  actions on_demand(owner_id owner, request_id request, demand wants, instant now);
  actions on_group(owner_id owner, request_id request, group_demand wants, instant now);
  actions on_cancel(owner_id owner, request_id request, instant now);
  actions on_release(owner_id owner, lease_id lease, instant now);

  void on_announce(owner_id owner, const std::vector<actor_record>& actors, instant now);
  [[nodiscard]] result<actor_record> reserve_name(owner_id owner, actor_id actor, const std::string& name, instant now);
  [[nodiscard]] result<actor_record> find_actor(const std::string& name) const;
  [[nodiscard]] result<actor_record> find_actor(actor_id actor) const;

  actions on_time(instant now);           ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const; ///< When on_time() is due next, if ever.
};

} // namespace runtime
