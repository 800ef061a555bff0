#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <spdlog/fwd.h>

#include "runtime/head/head_core.hpp"
#include "runtime/head/liveness_judge.hpp"
#include "runtime/net/link_table.hpp"
#include "runtime/net/nonsense_log.hpp"

namespace caf_tune::runtime::v1 {
class NodeHello;
class OwnerHello;
} // namespace caf_tune::runtime::v1

// Between actors of one process only.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::node_silent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::node_heard_again)

namespace runtime {
namespace wire = caf_tune::runtime::v1;

struct head_actor_options {
  head_options core;
  std::string host; ///< Where the head is reached, as others are told; with port in ClusterState.
  std::uint16_t port = 0;
  std::uint16_t liveness_port = 0;          ///< Told to nodes. 0: none.
  std::shared_ptr<liveness_judge> liveness; ///< May be null: then only lost connections tell of dead nodes.
  /// Told (put_atom, host, port, node's handle) of each node that joins, so that actors of this process reach it
  /// without dialling. May be empty.
  caf::actor switchboard;
  caf::actor custodian;    ///< Gets SpawnDetached and StopActor. May be empty, and come later by (put_atom, custodian).
  caf::actor token_keeper; ///< Gets AskTokens, AskTokenReport, RotateToken and EndToken. Empty: there are no tokens.
  /// Where a peer's messages come from, for nodes that do not know their own address; empty: not known. May be null.
  std::function<std::string(const caf::strong_actor_ptr&)> address_of;
  std::function<void()> on_event; ///< After whatever may have changed what AskCluster tells; for tests. May be null.
  std::shared_ptr<spdlog::logger> log; ///< May be null.
  /// After an invariant of ours broke and was logged: must end the process. Null: std::abort.
  std::function<void()> die;
};

/// The head's shell. Peers are known by the sender of their hello, over the network and in the head's own process
/// alike; what they say before it, or in the name of another, is dropped.
///
/// Requests (of any driver): ReserveName, FindActor, AskCluster; SpawnDetached and StopActor go to the custodian, those
/// about tokens to the token keeper. From its own process only: (put_atom, custodian), node_silent, node_heard_again.
class head_actor : public caf::event_based_actor {
public:
  head_actor(caf::actor_config& config, head_actor_options options);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "head_actor"; }
  const head_core& core() const noexcept { return core_; } ///< For checks between two events.

private:
  caf::message_handler node_handlers();
  caf::message_handler owner_handlers();
  caf::message_handler request_handlers();
  caf::message_handler local_handlers();

  void on_node_hello(const wire::NodeHello& m);
  void on_owner_hello(const wire::OwnerHello& m);
  void perform(const head_core::actions& actions);
  void welcome(const head_core::welcome& a);
  void perform_own(const head_core::action& action);
  template <class Message>
  void tell_node(node_id node, const Message& message);
  template <class Message>
  void tell_owner(owner_id owner, const Message& message);
  void on_down(const caf::actor_addr& source);
  void tell_watcher();
  void arm_timer();
  const caf::actor* link_of(node_id node) const;
  bool speaks_for_node(std::uint64_t node, const char* what);
  bool speaks_for_owner(std::uint64_t owner, const char* what);
  bool is_local(); ///< The current message comes from this process.
  std::string peer_address();
  std::string name_of(node_id node) const; ///< For the log; empty: not known any more.
  instant now() const { return instant{clock().now().time_since_epoch()}; }

  head_actor_options options_;
  head_core core_;
  link_table<incarnation> nodes_; ///< Each start of a node has its own links.
  std::unordered_map<incarnation, node_id> node_of_start_;
  std::unordered_map<node_id, incarnation> starts_; ///< The one that was welcomed last.
  link_table<owner_id> owners_;
  std::unordered_map<owner_id, std::string> owner_names_; ///< For the log.
  caf::actor custodian_;
  std::optional<instant> armed_;
  std::shared_ptr<nonsense_log> nonsense_;
};

} // namespace runtime
