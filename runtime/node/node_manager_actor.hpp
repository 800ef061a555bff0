#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <spdlog/fwd.h>

#include "runtime/net/link_table.hpp"
#include "runtime/node/node_manager_core.hpp"
#include "runtime/node/worker_launcher.hpp"

namespace caf_tune::runtime::v1 {
class OwnerHello;
class StartWork;
class WorkEnded;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

class node_state;
namespace node_wire {
class start_order_reader;
}

/// Tell a node manager: go in good order, at once the second time.
struct drain_node {};

/// Tell a node manager: the cluster takes it for dead by now, or it was heard again.
struct node_fenced {
  bool is_fenced = true;
};

/// What the embedder hears, on the node manager's thread: it only passes on.
struct node_manager_events {
  /// Leases can be granted. Comes on each new link to a head. liveness_port 0: none.
  std::function<void(const std::string& cluster, std::uint16_t liveness_port)> on_welcomed;
  std::function<void(const caf::actor& head)> on_head_linked = [](const caf::actor&) {}; ///< Before its welcome.
  std::function<void(const error& why)> on_refused; ///< For good: the node ends with this message.
  std::function<void()> on_left;                    ///< The node manager has ended in good order.
  /// It was reached, and answers nothing: the connection to it is to be ended. It is dialled again.
  std::function<void(const caf::node_id& head)> on_head_dropped;
};

struct node_manager_actor_options {
  node_manager_options core;
  std::string head_host;
  std::uint16_t head_port = 0;
  std::chrono::nanoseconds dial_timeout = std::chrono::seconds(5);
  std::shared_ptr<spdlog::logger> log; ///< Null: the default one.
};

/// The node manager's shell: what head, owners and workers say to the core, and what the core orders.
///
///   middleman  answers (connect_atom, host, port) as CAF's own does
///   packages   package_actor, or what answers the same messages
///   state      keeps the cluster's fingerprint; null: it is not kept
///
/// It takes orders about leases from nobody but the head that it has dialled, and knows an owner by the sender of its
/// hello. Local messages: drain_node, node_fenced.
class node_manager_actor : public caf::event_based_actor {
public:
  node_manager_actor(caf::actor_config& config, node_manager_actor_options options, caf::actor middleman,
                     std::shared_ptr<worker_launcher> workers, caf::actor packages,
                     std::shared_ptr<node_state> state = nullptr, node_manager_events events = {});
  ~node_manager_actor() override;
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "node_manager_actor"; }
  const node_manager_core& core() const noexcept { return core_; } ///< For checks between two events.

private:
  using orders = node_manager_core;
  class frame_router;

  caf::message_handler head_behavior();
  caf::message_handler owner_behavior();
  caf::message_handler local_behavior();
  void listen_to_workers();
  bool is_from_head() { return head_ && current_sender() && head_.address() == current_sender()->address(); }
  void on_owner_hello(const wire::OwnerHello& hello);
  void on_start_work(const wire::StartWork& message);
  void on_frame(worker_id worker, const std::string& frame);
  void on_down(const caf::actor_addr& source);
  caf::actor link_of(owner_id owner) const; ///< Null: it has none.

  void perform(orders::actions actions);
  void perform(const orders::dial_head& a);
  void perform(const orders::say_hello& a);
  void perform(const orders::drop_head& a);
  void perform(const orders::accept_lease& a);
  void perform(const orders::refuse_lease& a);
  void perform(const orders::tell_lease_ended& a);
  void perform(const orders::tell_draining& a);
  void perform(const orders::tell_leaving& a);
  void perform(const orders::tell_task_started& a);
  void perform(const orders::host_actor& a);
  void perform(const orders::announce_actor& a);
  void perform(orders::tell_work_ended& a);
  void perform(orders::start_worker& a);
  void perform(orders::run_work& a);
  void perform(const orders::stop_work& a);
  void perform(const orders::end_worker& a);
  void perform(const orders::kill_worker& a);
  void perform(const orders::want_package& a);
  void perform(const orders::release_package& a);
  void perform(const orders::welcomed& a);
  void perform(const orders::refused& a);
  void perform(const orders::leave& a);
  void arm_timer();
  instant now() { return instant{clock().now().time_since_epoch()}; }

  node_manager_actor_options options_;
  node_manager_core core_;
  caf::actor middleman_;
  std::shared_ptr<worker_launcher> workers_;
  caf::actor packages_;
  std::shared_ptr<node_state> state_;
  node_manager_events events_;
  std::shared_ptr<spdlog::logger> log_;
  std::unique_ptr<node_wire::start_order_reader> orders_;
  std::shared_ptr<frame_router> router_;
  caf::actor head_;
  link_table<owner_id> owners_;
  std::map<work_key, std::pair<worker_id, caf::actor>> hosted_;
  std::optional<instant> armed_;
};

} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::drain_node)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::node_fenced)
