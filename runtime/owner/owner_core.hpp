#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/owner/actor_announcer.hpp"
#include "runtime/owner/agenda.hpp"
#include "runtime/owner/peer_link.hpp"
#include "runtime/owner/restart_policy.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/package/package_sources.hpp"

namespace runtime {

struct owner_options {
  owner_id owner;
  std::string head_address;                                            ///< HOST:PORT, for messages.
  std::chrono::nanoseconds connect_deadline = std::chrono::seconds(5); ///< For the first link to the head.
  std::chrono::nanoseconds repeat_after = std::chrono::seconds(1);     ///< Of an unanswered order; doubles each time.
  std::chrono::nanoseconds most_repeat = std::chrono::seconds(8);
  std::chrono::nanoseconds node_grace = std::chrono::seconds(1);            ///< A lost link to a node may come back.
  std::chrono::nanoseconds node_connect_deadline = std::chrono::seconds(5); ///< For the first link to a node.
  /// What was said to the head so long before a link was lost has arrived: TCP gives up earlier.
  std::chrono::nanoseconds arrives_within = std::chrono::seconds(12);
  peer_link_options head_link;
  peer_link_options node_link{std::chrono::milliseconds(100), std::chrono::milliseconds(500), std::chrono::seconds(1)};
  restart_options restarts;
  announcer_options announcements;
};

/// What an owner (a driver, or the head's custodian of detached actors) does to have its works run: asks the head for
/// leases, starts works under them at the nodes, repeats what was not answered, runs again what was lost, and tells
/// each work's end exactly once (I2). A task that is run again may have run before: execution is at least once.
///
/// Every event may come twice, late, or for something that is over: that changes nothing, except that a lease nobody
/// wants is released and an end is always heard.
class owner_core {
public:
  // To the head and the nodes.
  struct dial_head {};
  struct say_hello_to_head {};
  struct drop_head {}; ///< It does not answer: this link to it is to end, and what it says is not heard.
  struct reserve_name {
    actor_id actor;
    std::string name;
  };
  struct demand_lease {
    request_id request;
    std::shared_ptr<const work_spec> spec;
  };
  struct demand_group {
    request_id request;
    std::shared_ptr<const group_demand> group;
    std::vector<held_bundle> held; ///< For a head that was started again: only the rest is to be placed.
  };
  struct cancel_demand {
    request_id request;
  };
  struct release_lease {
    lease_id lease;
  };
  struct announce_actors {
    std::vector<actor_record> actors;
  };
  struct dial_node {
    node_id node;
    std::string host;
    std::uint16_t port = 0;
  };
  struct say_hello_to_node {
    node_id node;
  };
  struct drop_node { ///< As drop_head.
    node_id node;
  };
  struct forget_node { ///< It is given up: its link is not wanted any more, and what it says is not heard.
    node_id node;
  };
  struct start_work {
    node_id node;
    work_key work;
    actor_id actor; ///< None for a task.
    std::shared_ptr<const work_spec> spec;
    std::shared_ptr<const std::string> arguments;
    std::vector<package_holder> package_holders; ///< Other nodes that have its package; none if this node has it.
  };
  struct stop_work {
    node_id node;
    work_key work;
    std::chrono::milliseconds deadline;
  };
  struct hear_work_end {
    node_id node; ///< None: to whoever told it.
    work_key work;
  };

  // To the embedder.
  struct connected {};
  struct not_connected {
    error why;
  }; ///< Not within the deadline, or refused. Told once, instead of connected.
  struct task_waits {
    task_id task;
    std::string why;
  };
  struct actor_waits {
    actor_id actor;
    std::string why;
  };
  struct task_finished {
    task_id task;
    result<task_result> outcome;
  };
  struct actor_is_alive {
    actor_record record;
  }; ///< Again whenever its handle may be another.
  struct actor_is_out_of_reach {
    actor_id actor;
    error why;
  }; ///< Its node's link is lost; perhaps it comes back.
  struct actor_is_restarting {
    actor_id actor;
    error why;
  };
  struct actor_ended {
    actor_id actor;
    result<void> how;
  };
  struct group_waits {
    group_id group;
    std::string why;
  };
  struct group_granted {
    group_id group;
    std::vector<granted_lease> leases;
  };
  struct group_refused {
    group_id group;
    error why;
  };
  struct bundle_moved {
    group_id group;
    granted_lease lease;
  };

  using action = std::variant<dial_head, say_hello_to_head, drop_head, reserve_name, demand_lease, demand_group,
                              cancel_demand, release_lease, announce_actors, dial_node, say_hello_to_node, drop_node,
                              forget_node, start_work, stop_work, hear_work_end, connected, not_connected, task_waits,
                              actor_waits, task_finished, actor_is_alive, actor_is_out_of_reach, actor_is_restarting,
                              actor_ended, group_waits, group_granted, group_refused, bundle_moved>;
  using actions = std::vector<action>; ///< To be performed in this order.

  explicit owner_core(owner_options options);

  actions on_begin(instant now); ///< First: dials the head.

  // From the embedder. Ids are its own and new; what is submitted twice is ignored.
  actions on_submit_task(task_id task, std::shared_ptr<const work_spec> spec,
                         std::shared_ptr<const std::string> arguments, instant now);
  actions on_submit_actor(actor_id actor, std::shared_ptr<const work_spec> spec,
                          std::shared_ptr<const std::string> arguments, instant now);
  /// An actor of an owner that had the same id and is gone: it goes on where it was alive under `lease`, or is
  /// restarted as after any loss if it is not there any more. Null: it waited for a lease.
  actions on_restore_actor(actor_id actor, std::shared_ptr<const work_spec> spec,
                           std::shared_ptr<const std::string> arguments, std::shared_ptr<const granted_lease> lease,
                           std::uint32_t restarts, instant now);
  actions on_submit_group(group_id group, std::shared_ptr<const group_demand> wants, instant now);
  actions on_stop_task(task_id task, std::chrono::milliseconds deadline, instant now);
  actions on_stop_actor(actor_id actor, std::chrono::milliseconds deadline, instant now);
  actions on_release_group(group_id group, instant now); ///< What runs in it is ended at once.
  actions on_package(result<void> ready, instant now);   ///< The owner's own: nothing is started before.

  // From the head.
  actions on_head_linked(instant now);
  actions on_head_welcome(const std::string& cluster, instant now); ///< Another cluster's than before: as refused.
  actions on_head_refused(error why, instant now);
  actions on_head_unlinked(error why, instant now); ///< Also: the dial failed.
  actions on_name_reserved(actor_id actor, instant now);
  actions on_name_refused(actor_id actor, error why, instant now);
  actions on_demand_granted(request_id request, std::vector<granted_lease> leases, instant now);
  actions on_demand_waits(request_id request, std::string why, instant now);
  actions on_demand_refused(request_id request, error why, instant now);
  actions on_lease_lost(lease_id lease, error why, instant now);

  // From nodes.
  actions on_node_linked(node_id node, instant now);
  actions on_node_welcome(node_id node, instant now);
  actions on_node_refused(node_id node, error why, instant now);
  actions on_node_unlinked(node_id node, error why, instant now); ///< Also: the dial failed.
  actions on_work_started(work_key work, std::uint32_t process_id, instant now);
  actions on_work_ended(work_key work, work_end end, instant now);

  actions on_time(instant now);           ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const; ///< When on_time() is due next, if ever.

  const owner_options& options() const noexcept { return options_; }
  std::size_t works() const noexcept { return works_.size(); }         ///< That have not ended.
  std::optional<actor_record> find_actor(actor_id actor) const;        ///< Of this owner, while it has not ended.
  std::shared_ptr<const granted_lease> lease_of(actor_id actor) const; ///< Null: it has none now.
  const std::optional<error>& why_head_is_down() const noexcept { return head_.why_down(); }
  bool is_connected() const noexcept { return head_.is_welcome(); }

private:
  enum class phase {
    naming,    ///< Its name is being reserved.
    demanding, ///< Not answered yet.
    waiting,   ///< The head has queued it.
    in_group,  ///< For its bundle.
    linking,   ///< Has a lease; the node is not reached yet, or not again.
    starting,  ///< Ordered, not answered yet.
    running,
    pausing, ///< Until it is run again.
  };
  using number = std::uint64_t; // Of a work, in the order of submission.

  struct work {
    work(std::shared_ptr<const work_spec> s, std::shared_ptr<const std::string> a)
      : spec(std::move(s)),
        arguments(std::move(a)),
        policy(spec->kind, spec->max_restarts) {}
    bool is_task() const noexcept { return spec->kind == work_kind::task; }
    bool is_in_group() const noexcept { return static_cast<bool>(spec->group); }
    work_key key() const noexcept { return {lease->lease, work_number}; }

    number own = 0;
    std::shared_ptr<const work_spec> spec;
    std::shared_ptr<const std::string> arguments;
    task_id task;
    actor_id actor;
    phase at = phase::pausing;
    bool named = false;   // The name is ours.
    bool ordered = false; // A start was sent under this lease: it may run, whatever we hear.
    bool started = false; // And was answered, or it is known otherwise that it ran.
    std::optional<std::chrono::milliseconds> stopping; // The deadline given.
    request_id request;
    std::shared_ptr<const granted_lease> lease;
    std::uint32_t work_number = 0; // Under the lease.
    std::uint32_t process_id = 0;
    instant started_at{};
    std::chrono::nanoseconds repeat{};
    restart_policy policy;
  };

  struct node {
    explicit node(peer_link_options options) : link(options) {}
    std::string name, host;
    std::uint16_t port = 0;
    peer_link link;
    std::set<number> works;
    std::set<std::string> packages; // That something has been started from here, see package_key().
  };

  struct bundle {
    std::shared_ptr<const granted_lease> lease; // Null: none yet, lost, or out of reach.
    lease_id newest;                            // Of all that it had: an older one is never taken again.
    lease_id lost;                              // The newest is certainly lost.
    std::uint32_t last_work = 0;
  };

  struct group {
    request_id request;
    std::shared_ptr<const group_demand> wants;
    std::vector<bundle> bundles;
    std::set<number> works;
    bool granted = false; // Once.
    std::chrono::nanoseconds repeat{};
    bool is_complete() const;
  };

  enum class due { head, connect, node, node_lost, work, group, announcements };
  using due_key = std::pair<due, std::uint64_t>;

  // Works: owner_core_works.cpp.
  actions submit(work w, std::shared_ptr<const granted_lease> lease, instant now);
  void enter(work& w, instant now, actions& out); ///< To where an attempt begins.
  std::vector<package_holder> holders_for(const work& w) const;
  void order(work& w, instant now, actions& out); ///< What its phase wants to have answered, and when to repeat it.
  void demand(work& w, instant now, actions& out);
  void take_lease(work& w, std::shared_ptr<const granted_lease> lease, instant now, actions& out);
  void start_if_reached(work& w, instant now, actions& out);
  void leave_lease(work& w);
  void attempt_over(work& w, attempt_failure kind, error why, instant now, actions& out);
  void release_if_own(const work& w, instant now, actions& out);
  void stop(work& w, std::chrono::milliseconds deadline, instant now, actions& out);
  void lose_lease(work& w, error why, instant now, actions& out);
  void cut_off(const work& w, actions& out) const;   ///< Its node kills it at once, if it can be told.
  void withdraw(work& w, instant now, actions& out); ///< What it has asked the head for.
  void end(work& w, result<task_result> how, instant now, actions& out); ///< w is gone afterwards.
  void announce(const work& w, actor_state as, instant now, error why_dead = {});
  void tell_waits(const work& w, std::string why, actions& out) const;
  error failed_attempt(const work& w, error why) const;
  error was_stopped(const work& w) const;
  static std::string name_of(const work& w);
  actor_record record_of(const work& w, actor_state as) const;
  work* find(number n);
  work* find(work_key key);
  void on_work_due(number n, instant now, actions& out);

  // Groups: owner_core_groups.cpp.
  void ask_for_group(group_id id, group& g, instant now, actions& out);
  void on_group_granted(group_id id, std::vector<granted_lease> leases, instant now, actions& out);
  bool take_bundle(group_id id, group& g, granted_lease lease, instant now, actions& out);
  void enter_bundle(work& w, instant now, actions& out);
  void lose_bundle(group_id id, std::uint32_t index, const error& why, instant now, actions& out);
  void put_aside(group_id id, group& g, bundle& b, instant now); ///< Until the head says what became of its lease.
  void put_aside_bundles(node_id where, instant now);
  void end_group(group_id id, const error& why, instant now, actions& out);
  void drop_group(group_id id, instant now, actions& out);

  // Links and time: owner_core.cpp.
  void on_head_due(instant now, actions& out);
  void on_node_due(node_id id, instant now, actions& out);
  void unlink_node(node_id id, const error& why, instant now, actions& out);
  void perform(peer_link::order order, actions& out) const;
  void perform(node_id id, peer_link::order order, actions& out); ///< And when its link wants to be asked next.
  void await_node(node_id id, const node& n, instant since);      ///< Not for longer than its grace.
  void fail_to_connect(error why, actions& out);
  std::string no_answer_within() const;
  error no_answer() const;
  void lose_node(node_id id, instant now, actions& out);
  void tell_head_again(instant now, actions& out);
  void cancel(request_id request, instant now, actions& out);
  void release(lease_id lease, instant now, actions& out);
  void repeat_later(due_key key, std::chrono::nanoseconds& last, instant now);
  void settle(instant now, actions& out); ///< Last in each event.
  request_id next_request() { return request_id{++last_request_}; }

  owner_options options_;
  peer_link head_;
  bool connection_told_ = false;
  std::string cluster_;                 // Of the first head that welcomed us.
  std::optional<result<void>> package_; // Nothing: not ready yet.
  std::map<number, work> works_;
  std::unordered_map<task_id, number> tasks_;
  std::unordered_map<actor_id, number> actors_;
  std::unordered_map<request_id, number> requests_;
  std::map<work_key, number> keys_;
  std::map<node_id, node> nodes_;
  std::map<group_id, group> groups_;
  std::map<request_id, group_id> group_requests_;
  std::map<lease_id, std::pair<group_id, std::uint32_t>> bundle_leases_;
  actor_announcer announcer_;
  // What the head must hear but does not answer: said again on a new link, until it is old enough to have arrived.
  std::map<request_id, instant> cancelled_;
  std::map<lease_id, instant> released_;
  agenda<due_key> due_;
  number last_number_ = 0;
  std::uint64_t last_request_ = 0;
};

} // namespace runtime
