#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/head/work_key.hpp"
#include "runtime/node/head_link.hpp"
#include "runtime/node/lease_room.hpp"
#include "runtime/node/node_manager_options.hpp"
#include "runtime/node/owner_table.hpp"
#include "runtime/node/package_uses.hpp"
#include "runtime/node/settled_numbers.hpp"
#include "runtime/node/start_trouble.hpp"
#include "runtime/node/work_order.hpp"
#include "runtime/node/worker_launcher.hpp"
#include "runtime/node/worker_table.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/package/manifest.hpp"
#include "runtime/resources/resource_book.hpp"

namespace runtime {

/// What one machine decides: which leases it accepts (its book is the last judge, I1), what runs under them and in
/// which worker, when a lease has ended, and what head and owners have not heard yet.
///
/// An ordinary lease has the one work 1 and ends with it; a bundle's lease has any number of works, at once as far as
/// they fit into it, and ends when it is told to. A lease ends when nothing runs under it any more, not before.
///
/// Every event may come twice or late and then changes nothing, except that what was asked is answered again. Ends are
/// told until they are heard: of leases to the head, of works to their owner.
class node_manager_core {
public:
  // To the head, on its present link.
  struct dial_head {}; ///< Then on_head_linked() or on_head_lost().
  struct say_hello {}; ///< See hello().
  struct drop_head {}; ///< It answers nothing: its connection is to be ended. No on_head_lost() follows.
  struct accept_lease {
    lease_id lease;
  };
  struct refuse_lease {
    lease_id lease;
    error why;
  };
  struct tell_lease_ended {
    lease_id lease;
  };
  struct tell_draining {};
  struct tell_leaving {};

  // To an owner, if it has a link.
  struct tell_task_started { ///< The worker has it.
    owner_id owner;
    work_key work;
    worker_id worker;
    std::uint32_t process_id;
  };
  struct host_actor { ///< From now on an actor of this node stands for the work, and tells the owner so.
    owner_id owner;
    work_key work;
    actor_id actor;
    worker_id worker;
    std::uint32_t process_id;
  };
  struct announce_actor { ///< Whoever stands for the work tells the owner again.
    owner_id owner;
    work_key work;
  };
  struct tell_work_ended { ///< By whoever stands for the work, who then ends; the next times by the node manager.
    owner_id owner;
    work_key work;
    work_end end;
  };

  // To workers.
  struct start_worker {
    worker_id worker;
    worker_program program;
    worker_setting setting;
  };
  struct run_work {
    worker_id worker;
    work_key work;
    work_order order;
  };
  using stop_work = worker_table::stop_work;
  using end_worker = worker_table::end_worker;
  using kill_worker = worker_table::kill_worker;

  // To the package store.
  /// Fetched, if it is not there, from a node that has it or from this owner; then on_package_ready() or
  /// on_package_failed().
  struct want_package {
    owner_id from;
    package_id package;
    std::shared_ptr<const package_manifest> manifest;
    std::vector<package_holder> holders;
  };
  struct release_package { ///< Nothing here needs it any more: it may be forgotten, a fetch is given up.
    package_id package;
  };

  // To the embedder.
  struct welcomed { ///< Leases can be granted. Comes on each new link.
    std::string cluster;
    bool is_new; ///< The cluster was learned: keep it.
    std::uint16_t liveness_port;
  };
  struct refused { ///< By the head, for good.
    error why;
  };
  struct leave {}; ///< In good order. The last action of all.

  using action =
    std::variant<dial_head, say_hello, drop_head, accept_lease, refuse_lease, tell_lease_ended, tell_draining,
                 tell_leaving, tell_task_started, host_actor, announce_actor, tell_work_ended, start_worker, run_work,
                 stop_work, end_worker, kill_worker, want_package, release_package, welcomed, refused, leave>;
  using actions = std::vector<action>; ///< To be performed in this order.

  /// The options must be ones that validate() accepts.
  node_manager_core(node_manager_options options, instant now);

  // About the head.
  actions on_head_linked(instant now);
  actions on_head_lost(instant now); ///< Also: the dial failed.
  actions on_welcome(const std::string& cluster, const std::string& version, std::uint16_t liveness_port, instant now);
  actions on_refused(error why, instant now);
  actions on_grant(held_lease lease, instant now);
  /// A grant that could not be read.
  actions on_unreadable_grant(lease_id lease, error why, instant now);
  actions on_end_lease(lease_id lease, const std::string& why, instant now);
  actions on_lease_end_heard(lease_id lease, instant now);
  actions on_fenced(instant now);   ///< The cluster takes this node for dead by now: so are its works.
  actions on_unfenced(instant now); ///< It was heard again.

  // About owners. An error is for the owner: it is refused.
  [[nodiscard]] result<actions> on_owner_hello(owner_id owner, const std::string& version, instant now);
  actions on_owner_lost(owner_id owner, instant now); ///< The last of its links.
  actions on_start_work(owner_id owner, work_key work, work_order order, package_id package,
                        std::shared_ptr<const package_manifest> manifest, instant now);
  /// An order that could not be read: the owner hears that its work was not started.
  actions on_unreadable_work(owner_id owner, work_key work, error why, instant now);
  actions on_stop_work(owner_id owner, work_key work, std::chrono::milliseconds deadline, instant now);
  actions on_work_end_heard(owner_id owner, work_key work, instant now);

  // About workers and packages.
  actions on_worker_started(worker_id worker, std::uint32_t process_id, instant now);
  actions on_worker_ready(worker_id worker, instant now);
  actions on_work_started(worker_id worker, work_key work, instant now);
  actions on_work_ended(worker_id worker, work_key work, work_end end, bool clean, instant now);
  actions on_worker_exit(worker_exit exit, instant now);
  actions on_worker_gone(worker_id worker, instant now); ///< What survived it has ended.
  actions on_package_ready(package_id package, worker_program program, instant now);
  actions on_package_failed(package_id package, const error& why, instant now);

  actions on_drain(instant now); ///< The second time: leaves at once.
  actions on_time(instant now);  ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const;

  node_hello hello() const;
  const node_manager_options& options() const noexcept { return options_; }
  const resource_book& book() const noexcept { return book_; }
  const worker_table& workers() const noexcept { return workers_; }
  bool is_draining() const noexcept { return draining_; }
  bool is_fenced() const noexcept { return fenced_; }
  bool has_left() const noexcept { return left_; }
  bool holds(lease_id id) const { return leases_.count(id) != 0; }
  bool has(work_key key) const { return works_.count(key) != 0; } ///< It has not ended.
  std::size_t unheard() const noexcept { return unheard_leases_.size() + unheard_works_.size(); }

private:
  struct lease {
    lease(held_lease granted);

    held_lease held;
    lease_room room;
    settled_numbers begun;
    std::size_t works = 0;           // That have not ended.
    std::size_t returning = 0;       // Ended, but something of them may still run.
    std::set<std::uint32_t> waiting; // Works for room that is just returning.
    bool ending = false;             // No new works.
  };
  enum class work_state { wants_room, wants_package, in_table };
  struct work {
    owner_id owner;
    work_kind kind;
    actor_id actor;
    work_order order; // Emptied when the worker has it.
    package_id package;
    std::shared_ptr<const package_manifest> manifest;
    work_state state = work_state::wants_room;
    lease_room::share share;      // Not while it wants room.
    bool started = false;         // The worker has the task, or the actor is constructed.
    std::optional<work_end> said; // By its worker, until the table takes note.
    std::string why_stopped;
  };
  struct unheard_end {
    owner_id owner;
    work_end end;
    instant told_at;
  };
  struct known_worker {
    package_id package;
    std::uint32_t process_id = 0;
  };

  // Leases: node_manager_core.cpp.
  void stop_works_of(lease_id id, const std::string& why, std::chrono::nanoseconds deadline, instant now, actions& out);
  void end_lease_if_done(lease_id id, instant now, actions& out);
  void give_up(owner_id owner, instant now, actions& out);
  void forget(owner_id owner);
  void repeat(instant now, actions& out);
  void arm_repeat(instant now);
  void leave_if_done(instant now, actions& out);
  void leave_now(instant now, actions& out);

  [[nodiscard]] result<void> may_take(const held_lease& granted, instant now) const;
  actions refuse(lease_id id, error why);

  // Works: node_manager_core_works.cpp.
  static work_end cut_off();
  [[nodiscard]] result<void> may_start(owner_id owner, work_key key) const;
  bool tell_again(owner_id owner, work_key key, instant now, actions& out);
  void place(work_key key, instant now, actions& out);
  void want_worker(work_key key, instant now, actions& out);
  void stop(work_key key, const std::string& why, std::chrono::nanoseconds deadline, instant now, actions& out);
  void end_unstarted(work_key key, work_end end, instant now, actions& out);
  void end_work(work_key key, work_end end, instant now, actions& out); // Its room is not free yet.
  void give_back(work_key key, const lease_room::share& share, instant now, actions& out);
  void tell_end(owner_id owner, work_key key, work_end end, instant now, actions& out);
  void use_no_more(const package_id& package, actions& out);
  void forget_gone(worker_id worker, actions& out);
  void fetch_again(owner_id owner, actions& out);

  // What the table orders, node_manager_core_works.cpp.
  void perform(const worker_table::actions& orders, instant now, actions& out);
  void perform(const worker_table::start_worker& order, actions& out);
  void perform(const worker_table::run_work& order, actions& out);
  void perform(const worker_table::work_ended& order, instant now, actions& out);
  void perform(const worker_table::work_lost& order, instant now, actions& out);
  void perform(const worker_table::give_back& order, instant now, actions& out);

  node_manager_options options_;
  resource_book book_;
  head_link head_;
  owner_table owners_;
  worker_table workers_;
  start_trouble starts_;
  package_uses packages_;
  std::map<lease_id, lease> leases_; // Just those that the book holds.
  std::map<work_key, work> works_;
  std::map<work_key, lease_room::share> returning_;
  std::map<worker_id, known_worker> known_workers_;
  std::map<lease_id, instant> unheard_leases_; // When the head was told last.
  std::map<lease_id, error> refused_leases_;   // The newest.
  std::map<work_key, unheard_end> unheard_works_;
  std::optional<instant> repeat_at_;
  std::optional<instant> leave_at_;
  bool fenced_ = false;
  bool draining_ = false;
  bool left_ = false;
};

} // namespace runtime
