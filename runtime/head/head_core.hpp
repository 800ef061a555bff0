#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/head/directory.hpp"
#include "runtime/head/head_options.hpp"
#include "runtime/head/lease_queue.hpp"
#include "runtime/head/number_set.hpp"
#include "runtime/head/placement.hpp"

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
  struct welcome {
    node_id node;
    incarnation start; ///< The start of the node to whose link all orders go from now on.
  };
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
  /// Request 0: leases of an earlier head that were taken over; an owner that does not know one releases it.
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
    bool in_good_order = false; ///< It left.
  };                            ///< May come back, unless it left.
  struct node_forgotten {
    node_id node;
    incarnation start;
  }; ///< Will not: watch it no more.
  struct node_refused {
    node_id node;
    incarnation start;
    error why;
  }; ///< It was welcome once and is no more: it is told so, and ends.
  struct owner_lost {
    owner_id owner;
    std::string name;
    std::string why;
  };
  using action = std::variant<welcome, grant, end, hear_end, answer_granted, answer_waits, answer_refused, lease_lost,
                              node_joined, node_lost, node_forgotten, node_refused, owner_lost>;
  using actions = std::vector<action>; ///< To be performed in this order.

  head_core(head_options options, instant now); ///< With options that validate() accepts.

  // From nodes. An error is for the node: it is refused and ends. Otherwise it is welcomed, now or later: a hello that
  // comes late from an earlier start of the node must not end the present one, so another start is believed only when
  // its link still stands after options.contest_grace, counted from the first such hello: repetitions, and hellos of a
  // third start, put nothing off.
  [[nodiscard]] result<actions> on_node_hello(const node_hello& hello, instant now);
  actions on_lease_accepted(node_id node, lease_id lease, instant now);
  actions on_lease_refused(node_id node, lease_id lease, const error& why, instant now);
  actions on_lease_ended(node_id node, lease_id lease, instant now);
  actions on_node_draining(node_id node, instant now);
  actions on_node_leaves(node_id node, incarnation start, instant now);
  // About nodes.
  actions on_node_link_lost(node_id node, incarnation start, instant now); ///< The last of its links.
  actions on_node_silent(node_id node, incarnation start, instant now);
  /// A silent node is back on a link that was never lost: what it held was given up, and is ended there. As long as its
  /// link stands it is not forgotten, however many others are lost: it would not say hello on that link again.
  actions on_node_heard_again(node_id node, incarnation start, instant now);

  // From owners, and about them. An error is for the owner: it is refused. Who has not said hello is not listened to.
  /// Answered by the state of all its groups, each with all leases that it has now.
  [[nodiscard]] result<actions> on_owner_hello(owner_id owner, const std::string& name, const std::string& version,
                                               const resource_set& quota, instant now);
  actions on_owner_link_lost(owner_id owner, instant now); ///< The last of its links.
  actions on_owner_leaves(owner_id owner, instant now);    ///< In good order: what it has is ended at once.
  /// Answered each time. A repetition of a demand whose lease is over is refused with errc::node_lost: whoever still
  /// waits for it demands anew.
  actions on_demand(owner_id owner, request_id request, demand wants, instant now);
  /// `held`: what the owner has of a group that an earlier head granted. It is part of the group again, now or when its
  /// node has come back with it, and only the rest is placed: an owner that had to get everything anew before it gives
  /// anything back would wait for itself where there is no room, or no quota, for both.
  actions on_group(owner_id owner, request_id request, group_demand wants, instant now,
                   const std::vector<held_bundle>& held = {});
  /// Nothing is wanted of it any more, whether it waits or was granted. Answered by answer_refused with
  /// errc::cancelled.
  actions on_cancel(owner_id owner, request_id request, instant now);
  actions on_release(owner_id owner, lease_id lease, instant now); ///< A bundle that is released is not placed again.

  /// Records that cannot be kept (too many, another owner's) are dropped; what remains of them is not listed.
  void on_announce(owner_id owner, const std::vector<actor_record>& actors);
  [[nodiscard]] result<actor_record> reserve_name(owner_id owner, actor_id actor, const std::string& name);
  const directory& actors() const noexcept { return directory_; }

  actions on_time(instant now);           ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const; ///< When on_time() is due next, if ever.

  // To look at.
  enum class node_state { alive, draining, unreachable };
  enum class lease_state { granting, held, ending };
  struct node_status {
    node_description what;
    node_state state;
    resource_set used;
  };
  struct lease_status {
    lease_id lease;
    owner_id owner;
    std::string owner_name; ///< Empty while an earlier head's owner has not come back.
    std::string node_name;
    resource_set resources;
    lease_state state;
  };
  struct demand_status {
    owner_id owner;
    request_id request;
    std::string owner_name;
    resource_set wants;
    std::string why;
    std::chrono::nanoseconds waited;
  };
  /// Equal demands of one owner; the oldest stands for them.
  struct demands_status {
    demand_status oldest;
    std::size_t count;
  };
  static constexpr std::size_t any_number = static_cast<std::size_t>(-1);
  std::vector<node_status> nodes() const; ///< By id; without those that were lost.
  // At most so many, the oldest.
  std::vector<lease_status> leases(std::size_t most = any_number) const;                ///< By id.
  std::vector<demand_status> waiting(instant now, std::size_t most = any_number) const; ///< In order of arrival.
  std::vector<demands_status> waiting_together(instant now, std::size_t most) const;    ///< In order of the oldest.
  std::size_t lease_count() const noexcept { return leases_.size(); }
  const placement& books() const noexcept { return books_; }
  const lease_queue& queue() const noexcept { return queue_; }
  const head_options& options() const noexcept { return options_; }

private:
  enum class timer { node_grace, node_contest, node_pause, node_return, owner_grace, orphan_grace, settled };
  enum class node_life { alive, unreachable, lost };
  enum class lease_life { granting, held, ending, orphan };

  struct node_record {
    node_description what;
    node_life life = node_life::alive;
    bool linked = true;
    bool draining = false;
    instant since{}; ///< Unreachable or lost.
    std::optional<instant> paused_until;
    bool left = false;                     ///< In good order: this start does not come back.
    std::vector<incarnation> past;         ///< Starts that this one has replaced.
    std::unique_ptr<node_hello> contested; ///< Of another start, which replaces this one unless its link is lost first.
    instant contested_until{};
    std::vector<held_lease> lost; ///< What it may still hold of what was given up.
    std::unordered_set<lease_id> leases;
  };
  struct lease_record {
    lease_life life = lease_life::granting;
    bool is_bundle = false;
    std::uint32_t bundle = 0;
    owner_id owner;
    request_id request; ///< 0 for what an earlier head granted.
    node_id node;
    instant repeat_at{}; ///< While granting or ending.
    resource_set resources;
    std::vector<gpu_share> gpus;
    std::string why; ///< While ending.
  };
  /// Each bundle is missing, in the batch that is being granted, placed, or given up (none of them).
  struct group_record {
    group_demand wants;
    std::vector<lease_id> placed; ///< By bundle; 0: not placed.
    std::vector<std::uint32_t> missing;
    std::vector<std::uint32_t> batch; ///< Granted in one step, of which `unanswered` are not confirmed.
    std::size_t unanswered = 0;
  };
  struct request_record {
    lease_queue::shape_ptr what;
    std::uint64_t place = 0;
    instant since{};
    bool waiting = true;
    lease_id lease; ///< Of an ordinary demand, once granted.
    std::unique_ptr<group_record> group;
  };
  struct owner_record {
    std::string name;
    std::optional<instant> link_lost_at;
    std::unordered_map<request_id, request_record> requests;
    number_set over; ///< Requests that must not come to life again.
    std::unordered_set<lease_id> leases;
    std::unordered_map<lease_id, std::pair<request_id, std::uint32_t>> claims; ///< Bundles that a node may bring back.
  };
  using leases_map = std::unordered_map<lease_id, lease_record>;

  // Nodes.
  [[nodiscard]] result<void> check_hello(const node_hello& hello) const;
  void admit(const node_hello& hello, instant now, actions& out);
  void end_contest(node_record& node, instant now, actions& out);
  void join(node_record& node, const node_hello& hello, instant now, actions& out);
  void reconcile(node_record& node, const std::vector<held_lease>& listed, instant now, actions& out);
  void take_over(node_record& node, const held_lease& lease, lease_life life, instant now, actions& out);
  void lose_node(node_record& node, const std::string& why, instant now, actions& out);
  void lose_lease(lease_id lease, const error& why, instant now, actions& out);
  void forget_return(node_record& node, instant now, actions& out);
  void list_if_forgettable(const node_record& node);
  void forget_dead_nodes(instant now, actions& out);
  void refresh_open(node_record& node, instant now);
  void recount_cluster();
  bool was_granted_here(lease_id lease) const;

  // Leases.
  lease_id new_lease_id();
  lease_id grant_lease(owner_id owner, request_id request, node_id node, const resource_set& resources,
                       std::optional<std::uint32_t> bundle, instant now, actions& out);
  void accept(leases_map::iterator lease, instant now, actions& out);
  void end_lease(lease_id id, lease_record& lease, std::string why, instant now, actions& out);
  void drop_lease(lease_id id);
  void order(lease_id id, const lease_record& lease, actions& out) const; ///< The one that awaits its answer.
  granted_lease describe(lease_id id, const lease_record& lease) const;
  void repeat_orders(instant now, actions& out);

  // Requests.
  actions on_wanted(owner_id owner, request_id request, wanted what, const std::vector<held_bundle>& held, instant now);
  request_record record_of(const lease_queue::shape_ptr& shape, instant now);
  std::optional<error> why_refused(owner_id owner, const lease_queue::shape& shape, instant now) const;
  void answer_again(owner_id owner, request_id request, const request_record& r, instant now, actions& out) const;
  void queue_again(owner_id owner, request_id request, request_record& r, instant now);
  void finish(owner_id owner, request_id request); ///< It is over.
  void leave_queue(owner_id owner, request_id request, request_record& r);
  void refuse_infeasible(instant now, actions& out);
  demand_status describe(const lease_queue::entry& e, instant now) const;
  std::string why_waits(owner_id owner, request_id request, const lease_queue::shape& what, instant now) const;

  // Groups.
  bool grant_group(owner_id owner, request_id request, request_record& r, instant now, actions& out);
  std::vector<node_id> kept_nodes(const group_record& group) const;
  void fail_batch(owner_id owner, request_id request, request_record& r, instant now, actions& out);
  void lose_bundle(owner_id owner, request_id request, std::uint32_t bundle, instant now, actions& out);
  void queue_group(owner_id owner, request_id request, request_record& r, instant now);
  bool claim(owner_id owner, request_id request, request_record& r, const held_bundle& held);
  void take_claimed(owner_id owner, lease_id lease, instant now, actions& out);
  void finish_if_empty(owner_id owner, request_id request, const group_record& group);

  void lose_owner(owner_id owner, const std::string& why, instant now, actions& out);

  /// Ends each event: whoever can be granted something is, and who starves reserves a node.
  void settle(instant now, actions& out);
  static bool may_fit(const placement::node& n, const lease_queue::shape& shape);
  bool may_fit_since_opened(const lease_queue::shape& shape) const;
  bool try_grant(const lease_queue::entry& e, instant now, actions& out);
  void open_lines_for(node_id node, instant now, actions& out);
  void reserve_for(const lease_queue::entry& e);
  void cancel_reservation(owner_id owner, request_id request);
  void yield_over_quota(owner_id owner); ///< Whenever it holds more, or may hold less.
  request_record* find_request(owner_id owner, request_id request);
  void set_timer(instant at, timer what, std::uint64_t whose) { timers_.emplace(at, what, whose); }
  void on_timer(timer what, std::uint64_t whose, instant now, actions& out);

  head_options options_;
  instant settled_at_;
  placement books_; ///< Also of nodes lost so shortly ago that they count as coming back; those are closed.
  lease_queue queue_;
  directory directory_;
  std::map<node_id, node_record> nodes_;
  std::set<std::pair<instant, node_id>> forgettable_; ///< Lost nodes that have no link, since when; oldest first.
  std::map<owner_id, owner_record> owners_;
  leases_map leases_;
  std::map<owner_id, std::set<lease_id>> orphans_; ///< Of an earlier head, whose owner has not come back yet.
  std::unordered_set<lease_id> adopted_over_;      ///< Of an earlier head, which must not be adopted again.
  std::map<owner_id, request_id> reserving_;
  std::vector<node_id> with_more_room_; ///< Since the last settle().
  std::set<std::tuple<instant, timer, std::uint64_t>> timers_;
  std::deque<std::pair<instant, lease_id>> repeats_; ///< Some are out of date: a lease's repeat_at says.
  std::uint64_t last_lease_ = 0;
  std::uint64_t nodes_version_ = 1; ///< Another one whenever there is another node, or one less.
};

const char* to_string(head_core::node_state state) noexcept;
const char* to_string(head_core::lease_state state) noexcept;

} // namespace runtime
