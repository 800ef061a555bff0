#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message.hpp>
#include <spdlog/fwd.h>

#include "runtime/owner/owner_core.hpp"
#include "runtime/owner/package_source.hpp"
#include "runtime/owner/stub_actor.hpp"

namespace caf_tune::runtime::v1 {
class Package;
class SpawnDetached;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

struct owner_actor_options {
  owner_options core; ///< With a random owner id (or detached_owner for the custodian).
  std::string name;   ///< For people: the program's name and process.
  std::string version;
  resource_set quota; ///< At most this much at once; absent names are unlimited.
  std::string head_host;
  std::uint16_t head_port = 0;
  caf::actor middleman; ///< Answers (connect_atom, host, port).
  caf::actor packages;  ///< A package_server_actor, or what answers as one.
  /// Ends the link to a peer that does not answer on it. Called on the owner's thread; must not block. May be empty.
  std::function<void(const caf::node_id& peer)> drop_link;
  /// Once: the head's welcome, or why there is none: unreachable (not within core.connect_deadline), refused, another
  /// version. Called on the owner's thread; must not block.
  std::function<void(result<void>)> on_connected;
  /// On each new link to the head, before its welcome. Called on the owner's thread; must not block. May be empty.
  std::function<void(const caf::actor& head)> on_head_linked;
  std::shared_ptr<spdlog::logger> log; ///< Null: spdlog's default one.
};

// What the embedder's threads send to an owner_actor (anon_send). Callbacks are called on the owner's thread, must not
// block, and may be empty. An owed_answer comes whatever happens: what is sent after the owner has ended is answered
// with errc::cancelled, on the sender's thread.

/// Runs a task. Many in a row are cheap: each costs one short message to the head.
struct submit_task {
  task_id task;                          ///< Numbered by the embedder, from 1.
  std::shared_ptr<const work_spec> spec; ///< May be shared between many tasks.
  std::shared_ptr<const std::string> arguments;
  owed_answer<task_result> on_end;                  ///< Exactly once.
  std::function<void(const std::string&)> on_waits; ///< For people.
};

struct stop_task {
  task_id task;
  std::chrono::milliseconds deadline{0}; ///< Then its process is killed. 0: at once.
};

/// Spawns an actor that ends with this owner.
struct submit_actor {
  actor_id actor; ///< Random, made by the embedder.
  std::shared_ptr<const work_spec> spec;
  std::shared_ptr<const std::string> arguments;
  actor_watch watch; ///< actor_stub::watch(), or what calls it.
};

struct stop_actor {
  actor_id actor;
  std::chrono::milliseconds deadline{0}; ///< In good order until then; then its process is killed. 0: at once.
};

/// Asks for a placement group. Works may be submitted into it at once: they wait for their bundle.
struct submit_group {
  group_id group; ///< Numbered by the embedder, from 1.
  std::shared_ptr<const group_demand> wants;
  owed_answer<std::vector<granted_lease>> on_granted;        ///< Exactly once.
  std::function<void(const granted_lease&)> on_bundle_moved; ///< Its node was lost: it is elsewhere now.
  std::function<void(const std::string&)> on_waits;
};

struct release_group {
  group_id group; ///< What runs in it is ended at once.
};

/// Asks the head something: FindActor, AskCluster, SpawnDetached, StopActor, what is about tokens. A wire::Failure
/// comes as an error.
struct ask_head {
  caf::message question;
  owed_answer<caf::message> on_answer;      ///< Exactly once.
  std::chrono::milliseconds deadline{5000}; ///< timed_out or unreachable: whether it happened is unknown.
};

/// The owner ends, in good order: everybody who waits for it is answered, and the head gives its leases to others at
/// once. As a request it is answered by (ok_atom) when the head has heard it, or cannot within the deadline; the owner
/// has ended then.
struct leave_cluster {
  std::chrono::milliseconds deadline{1000};
};

/// The shell of owner_core: one for each driver, and one (owner id 1) in the head's process.
class owner_actor : public caf::event_based_actor {
public:
  owner_actor(caf::actor_config& config, owner_actor_options options);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "owner_actor"; }
  const owner_core& core() const noexcept { return core_; } ///< For checks between two events.

protected:
  caf::message_handler handlers(); ///< For an actor that is an owner and more; then begin().
  void begin();
  void submit(submit_actor order);
  void restore(submit_actor order, std::shared_ptr<const granted_lease> lease, std::uint32_t restarts);
  void stop(const stop_actor& order);
  /// Whether the name is the actor's now; unreachable when the head did not answer.
  void reserve_name(actor_id actor, const std::string& name, std::function<void(result<void>)> then);
  void ask(ask_head question);
  bool is_ending() const noexcept { return ending_; } ///< What ends from now on ends with its owner.
  spdlog::logger& log() { return *options_.log; }
  instant now() const { return instant{clock().now().time_since_epoch()}; }

private:
  struct task_callbacks {
    owed_answer<task_result> on_end;
    std::function<void(const std::string&)> on_waits;
  };
  struct open_question {
    ask_head question;
    instant until{};
  };

  caf::message_handler embedder_handlers();
  caf::message_handler head_handlers();
  caf::message_handler node_handlers();
  void perform(owner_core::actions actions);
  void perform(owner_core::dial_head&);
  void perform(owner_core::say_hello_to_head&);
  void perform(owner_core::drop_head&);
  void perform(owner_core::reserve_name& a);
  void perform(owner_core::demand_lease& a);
  void perform(owner_core::demand_group& a);
  void perform(owner_core::cancel_demand& a);
  void perform(owner_core::release_lease& a);
  void perform(owner_core::announce_actors& a);
  void perform(owner_core::dial_node& a);
  void perform(owner_core::say_hello_to_node& a);
  void perform(owner_core::drop_node& a);
  void perform(owner_core::forget_node& a);
  void perform(owner_core::start_work& a);
  void perform(owner_core::stop_work& a);
  void perform(owner_core::hear_work_end& a);
  void perform(owner_core::connected&);
  void perform(owner_core::not_connected& a);
  void perform(owner_core::task_waits& a);
  void perform(owner_core::actor_waits& a);
  void perform(owner_core::task_finished& a);
  void perform(owner_core::actor_is_alive& a);
  void perform(owner_core::actor_is_out_of_reach& a);
  void perform(owner_core::actor_is_restarting& a);
  void perform(owner_core::actor_ended& a);
  void perform(owner_core::group_waits& a);
  void perform(owner_core::group_granted& a);
  void perform(owner_core::group_refused& a);
  void perform(owner_core::bundle_moved& a);
  void drop_link_to(const caf::actor& peer);
  caf::actor take_link(node_id id); ///< What it says is not heard any more. None: there is none.
  void want_package(const work_spec& spec);
  void ask_now(open_question question);
  void answer_late_questions();
  caf::result<caf::ok_atom> leave(const leave_cluster& order);
  void on_down(const caf::down_msg& down);
  void give_up(const error& why); ///< Every callback that is owed is called.
  error head_is_silent() const;
  void arm_timer();
  std::optional<node_id> node_of_sender();
  const actor_watch* watch_of(actor_id actor) const;

  owner_actor_options options_;
  owner_core core_;
  caf::actor head_;
  std::map<node_id, caf::actor> nodes_;
  std::map<caf::actor_addr, node_id> node_addresses_;
  std::unordered_map<task_id, task_callbacks> tasks_;
  std::unordered_map<actor_id, actor_watch> actors_;
  std::map<group_id, submit_group> groups_;
  std::map<std::uint64_t, open_question> questions_; // For when the head is linked.
  std::uint64_t last_question_ = 0;
  bool package_asked_ = false;
  bool ending_ = false;
  std::shared_ptr<const wire::Package> package_; // Our own, when it is there.
  std::optional<instant> armed_;
};

} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::submit_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stop_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::submit_actor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stop_actor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::submit_group)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::release_group)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::ask_head)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::leave_cluster)
