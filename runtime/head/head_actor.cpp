#include "runtime/head/head_actor.hpp"

#include <algorithm>
#include <utility>

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/head/head_wire.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/proto/tokens.pb.h"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {

namespace {

/// Delivers what handlers that answer with one message or another return.
caf::message answer(result<actor_record> found) {
  if (found)
    return caf::make_message(head_wire::to_wire(*found));
  return caf::make_message(head_wire::to_wire(found.error()));
}

} // namespace

head_actor::head_actor(caf::actor_config& config, head_actor_options options)
  : event_based_actor(config),
    options_(std::move(options)),
    core_(options_.core, now()),
    custodian_(options_.custodian),
    nonsense_(std::make_shared<nonsense_log>("head", options_.log)) {
  set_down_handler([this](caf::down_msg& down) { on_down(down.source); });
  outlive_peers(*this, nonsense_);
  set_exception_handler(ends_process("head", options_.log, options_.die)); // It restarts from what its nodes know.
  if (custodian_)
    monitor(custodian_);
}

caf::behavior head_actor::make_behavior() {
  arm_timer();
  return node_handlers().or_else(owner_handlers()).or_else(request_handlers()).or_else(local_handlers());
}

void head_actor::on_exit() {
  nodes_.clear(); // Members outlive the actor as long as somebody has its handle.
  owners_.clear();
  custodian_ = nullptr;
  options_.switchboard = nullptr;
  options_.custodian = nullptr;
  options_.token_keeper = nullptr;
  options_.liveness = nullptr; // It tells this actor.
}

// ---- peers ----

const caf::actor* head_actor::link_of(node_id node) const {
  const auto start = starts_.find(node);
  return start == starts_.end() ? nullptr : nodes_.find(start->second);
}

bool head_actor::speaks_for_node(std::uint64_t node, const char* what) {
  const auto start = starts_.find(node_id{node});
  if (start != starts_.end() && nodes_.peer_of(current_sender()) == start->second)
    return true;
  nonsense_->dropped(what, fmt::format("the sender was not welcomed as node {}", node));
  return false;
}

bool head_actor::speaks_for_owner(std::uint64_t owner, const char* what) {
  if (owners_.peer_of(current_sender()) == owner_id{owner})
    return true;
  nonsense_->dropped(what, fmt::format("the sender was not welcomed as owner {}", owner));
  return false;
}

bool head_actor::is_local() {
  const auto& from = current_sender();
  return !from || from->node() == node();
}

std::string head_actor::peer_address() {
  auto address = options_.address_of ? options_.address_of(current_sender()) : std::string();
  return address.empty() ? "127.0.0.1" : address; // In one process, and on one machine, that is where it is.
}

void head_actor::on_node_hello(const wire::NodeHello& m) {
  const auto link = caf::actor_cast<caf::actor>(current_sender());
  if (!link)
    return nonsense_->dropped("NodeHello", "it has no sender");
  auto hello = head_wire::from_wire(m);
  if (hello && hello->node.host.empty())
    hello->node.host = peer_address();
  auto actions = hello ? core_.on_node_hello(*hello, now()) : result<head_core::actions>(fail(hello.error()));
  if (!actions) {
    if (options_.log)
      options_.log->warn("node refused node={} why=\"{}\"", m.name(), actions.error().message);
    wire::NodeRefused refused;
    *refused.mutable_why() = head_wire::to_wire(actions.error());
    return send(link, std::move(refused));
  }
  node_of_start_[hello->node.start] = hello->node.id;
  if (nodes_.add(hello->node.start, link))
    monitor(link);
  perform(*actions);
}

void head_actor::on_owner_hello(const wire::OwnerHello& m) {
  const auto link = caf::actor_cast<caf::actor>(current_sender());
  if (!link)
    return nonsense_->dropped("OwnerHello", "it has no sender");
  const auto hello = head_wire::from_wire(m);
  auto actions = hello ? core_.on_owner_hello(hello->owner, hello->name, hello->version, hello->quota, now())
                       : result<head_core::actions>(fail(hello.error()));
  if (!actions) {
    if (options_.log)
      options_.log->warn("owner refused owner={} name=\"{}\" why=\"{}\"", m.owner_id(), m.name(),
                         actions.error().message);
    wire::OwnerRefused refused;
    *refused.mutable_why() = head_wire::to_wire(actions.error());
    return send(link, std::move(refused));
  }
  owner_names_[hello->owner] = hello->name;
  if (owners_.add(hello->owner, link)) {
    monitor(link);
    if (options_.log)
      options_.log->info("owner linked owner={} name=\"{}\"", m.owner_id(), m.name());
  }
  wire::OwnerWelcome welcome;
  welcome.set_owner_id(m.owner_id());
  welcome.set_cluster(options_.core.cluster);
  welcome.set_version(options_.core.version);
  send(link, std::move(welcome));
  perform(*actions);
}

caf::message_handler head_actor::node_handlers() {
  return {
    [this](const wire::NodeHello& m) { on_node_hello(m); },
    [this](const wire::LeaseAccepted& m) {
      if (speaks_for_node(m.node_id(), "LeaseAccepted"))
        perform(core_.on_lease_accepted(node_id{m.node_id()}, lease_id{m.lease_id()}, now()));
    },
    [this](const wire::LeaseRefused& m) {
      if (!speaks_for_node(m.node_id(), "LeaseRefused"))
        return;
      const auto why = head_wire::from_wire(m.why());
      if (options_.log)
        options_.log->debug("lease refused lease={} node={} why=\"{}\"", m.lease_id(), m.node_id(), why.message);
      perform(core_.on_lease_refused(node_id{m.node_id()}, lease_id{m.lease_id()}, why, now()));
    },
    [this](const wire::LeaseEnded& m) {
      if (speaks_for_node(m.node_id(), "LeaseEnded"))
        perform(core_.on_lease_ended(node_id{m.node_id()}, lease_id{m.lease_id()}, now()));
    },
    [this](const wire::NodeDraining& m) {
      if (!speaks_for_node(m.node_id(), "NodeDraining"))
        return;
      if (options_.log)
        options_.log->info("node drains node={} name=\"{}\"", m.node_id(), name_of(node_id{m.node_id()}));
      perform(core_.on_node_draining(node_id{m.node_id()}, now()));
    },
    [this](const wire::NodeLeaves& m) {
      if (speaks_for_node(m.node_id(), "NodeLeaves"))
        perform(core_.on_node_leaves(node_id{m.node_id()}, incarnation{m.incarnation()}, now()));
    },
  };
}

caf::message_handler head_actor::owner_handlers() {
  const auto refuse = [this](std::uint64_t owner, std::uint64_t request, const error& why) {
    tell_owner(owner_id{owner},
               head_wire::to_wire(head_core::answer_refused{owner_id{owner}, request_id{request}, why}));
  };
  return {
    [this](const wire::OwnerHello& m) { on_owner_hello(m); },
    [this, refuse](const wire::DemandLease& m) {
      if (!speaks_for_owner(m.owner_id(), "DemandLease"))
        return;
      if (auto wants = head_wire::from_wire(m.demand()))
        perform(core_.on_demand(owner_id{m.owner_id()}, request_id{m.request_id()}, std::move(*wants), now()));
      else
        refuse(m.owner_id(), m.request_id(), wants.error());
    },
    [this, refuse](const wire::DemandGroup& m) {
      if (!speaks_for_owner(m.owner_id(), "DemandGroup"))
        return;
      if (auto wants = head_wire::from_wire(m.group()))
        perform(core_.on_group(owner_id{m.owner_id()}, request_id{m.request_id()}, std::move(*wants), now(),
                               head_wire::held_of(m)));
      else
        refuse(m.owner_id(), m.request_id(), wants.error());
    },
    [this](const wire::CancelDemand& m) {
      if (speaks_for_owner(m.owner_id(), "CancelDemand"))
        perform(core_.on_cancel(owner_id{m.owner_id()}, request_id{m.request_id()}, now()));
    },
    [this](const wire::ReleaseLease& m) {
      if (speaks_for_owner(m.owner_id(), "ReleaseLease"))
        perform(core_.on_release(owner_id{m.owner_id()}, lease_id{m.lease_id()}, now()));
    },
    [this](const wire::OwnerLeaves& m) {
      if (speaks_for_owner(m.owner_id(), "OwnerLeaves"))
        perform(core_.on_owner_leaves(owner_id{m.owner_id()}, now()));
      wire::OwnerLeft left; // Also to whom is not known: it wants to be forgotten, and is.
      left.set_owner_id(m.owner_id());
      return left;
    },
    [this](const wire::AnnounceActors& m) {
      if (!speaks_for_owner(m.owner_id(), "AnnounceActors"))
        return;
      std::vector<actor_record> records;
      records.reserve(static_cast<std::size_t>(m.actors_size()));
      for (const auto& a : m.actors()) {
        if (auto record = head_wire::from_wire(a))
          records.push_back(std::move(*record));
        else
          nonsense_->dropped("AnnounceActors", record.error().message);
      }
      core_.on_announce(owner_id{m.owner_id()}, records);
      tell_watcher();
    },
  };
}

// ---- requests ----

caf::message_handler head_actor::request_handlers() {
  const auto forward = [this](const caf::actor& to, auto message, const char* why_not) {
    auto promise = make_response_promise();
    if (to)
      promise.delegate(to, std::move(message));
    else
      promise.deliver(head_wire::to_wire(error{errc::unreachable, why_not}));
  };
  const auto to_custodian = [this, forward](auto message) {
    forward(custodian_, std::move(message), "this head keeps no detached actors");
  };
  const auto to_keeper = [this, forward](auto message) {
    forward(options_.token_keeper, std::move(message), "this cluster has no network, and so no tokens");
  };
  return {
    [this](const wire::ReserveName& m) -> caf::message {
      if (m.owner_id() == 0 || m.actor_id() == 0 || m.name().size() > 255)
        return answer(fail(errc::invalid_argument, "a name of at most 255 bytes is reserved for an owner's actor"));
      auto reserved = core_.reserve_name(owner_id{m.owner_id()}, actor_id{m.actor_id()}, m.name());
      tell_watcher();
      return answer(std::move(reserved));
    },
    [this](const wire::FindActor& m) -> caf::message {
      return answer(m.name().empty() ? core_.actors().find(actor_id{m.actor_id()}) : core_.actors().find(m.name()));
    },
    [this](const wire::AskCluster&) -> caf::message {
      auto state = head_wire::cluster_state(core_, now());
      state.set_head(endpoint_text(options_.host, options_.port));
      return caf::make_message(std::move(state));
    },
    [to_custodian](const wire::SpawnDetached& m) { to_custodian(m); },
    [to_custodian](const wire::StopActor& m) { to_custodian(m); },
    [this](const wire::AskTokens& m) {
      if (options_.token_keeper)
        delegate(options_.token_keeper, m);
    },
    [to_keeper](const wire::AskTokenReport& m) { to_keeper(m); },
    [to_keeper](const wire::RotateToken& m) { to_keeper(m); },
    [to_keeper](const wire::EndToken& m) { to_keeper(m); },
  };
}

caf::message_handler head_actor::local_handlers() {
  return {
    [this](caf::put_atom, const caf::actor& custodian) {
      if (!is_local())
        return nonsense_->dropped("custodian", "it comes from another process");
      custodian_ = custodian;
      monitor(custodian_);
    },
    [this](const node_silent& m) {
      if (is_local())
        perform(core_.on_node_silent(m.node, m.start, now()));
    },
    [this](const node_heard_again& m) {
      if (is_local())
        perform(core_.on_node_heard_again(m.node, m.start, now()));
    },
    [this](caf::tick_atom) {
      if (!is_local())
        return;
      armed_.reset();
      perform(core_.on_time(now()));
    },
  };
}

std::string head_actor::name_of(node_id node) const {
  const auto* known = core_.books().find(node);
  return known ? known->name : std::string();
}

void head_actor::on_down(const caf::actor_addr& source) {
  if (custodian_ && custodian_.address() == source)
    custodian_ = nullptr;
  if (const auto start = nodes_.remove(source)) {
    const auto node = node_of_start_.at(*start);
    node_of_start_.erase(*start);
    const auto known = starts_.find(node);
    const bool is_expected = known == starts_.end() || known->second != *start; // It has left, or was replaced.
    if (options_.log)
      options_.log->log(is_expected ? spdlog::level::debug : spdlog::level::warn, "node link lost node={} name=\"{}\"",
                        node, name_of(node));
    perform(core_.on_node_link_lost(node, *start, now()));
  }
  if (const auto owner = owners_.remove(source)) {
    if (options_.log)
      options_.log->info("owner link lost owner={} name=\"{}\"", *owner, owner_names_[*owner]);
    perform(core_.on_owner_link_lost(*owner, now()));
  }
}

// ---- orders ----

template <class Message>
void head_actor::tell_node(node_id node, const Message& message) {
  if (const auto* link = link_of(node))
    send(*link, message);
}

template <class Message>
void head_actor::tell_owner(owner_id owner, const Message& message) {
  if (const auto* link = owners_.find(owner))
    send(*link, message);
}

void head_actor::perform(const head_core::actions& actions) {
  for (const auto& action : actions)
    std::visit(overloaded{
                 [this](const head_core::welcome& a) { welcome(a); },
                 [this](const head_core::grant& a) { tell_node(a.node, head_wire::to_wire(a)); },
                 [this](const head_core::end& a) { tell_node(a.node, head_wire::to_wire(a)); },
                 [this](const head_core::hear_end& a) { tell_node(a.node, head_wire::to_wire(a)); },
                 [this](const head_core::answer_granted& a) { tell_owner(a.owner, head_wire::to_wire(a)); },
                 [this](const head_core::answer_waits& a) { tell_owner(a.owner, head_wire::to_wire(a)); },
                 [this](const head_core::answer_refused& a) { tell_owner(a.owner, head_wire::to_wire(a)); },
                 [this](const head_core::lease_lost& a) { tell_owner(a.owner, head_wire::to_wire(a)); },
                 [this, &action](const auto&) { perform_own(action); },
               },
               action);
  arm_timer();
  tell_watcher();
}

void head_actor::welcome(const head_core::welcome& a) {
  starts_[a.node] = a.start;
  wire::NodeWelcome message;
  message.set_node_id(a.node.value);
  message.set_cluster(options_.core.cluster);
  message.set_liveness_port(options_.liveness_port);
  message.set_version(options_.core.version);
  tell_node(a.node, message);
}

void head_actor::perform_own(const head_core::action& action) {
  const auto& log = options_.log;
  if (const auto* joined = std::get_if<head_core::node_joined>(&action)) {
    const auto& node = joined->node;
    if (log)
      log->info("node joined node={} name=\"{}\" address={} total=\"{}\"", node.id, node.name,
                endpoint_text(node.host, node.port), node.total);
    if (options_.liveness)
      options_.liveness->watch(node.id, node.start);
    if (const auto* link = link_of(node.id); link && options_.switchboard)
      send(options_.switchboard, caf::put_atom_v, node.host, node.port, caf::actor_cast<caf::strong_actor_ptr>(*link));
  } else if (const auto* lost = std::get_if<head_core::node_lost>(&action)) {
    if (log && lost->in_good_order)
      log->info("node left node={} name=\"{}\"", lost->node, lost->name);
    else if (log)
      log->warn("node lost node={} name=\"{}\" why=\"{}\"", lost->node, lost->name, lost->why);
  } else if (const auto* forgotten = std::get_if<head_core::node_forgotten>(&action)) {
    if (const auto start = starts_.find(forgotten->node); start != starts_.end() && start->second == forgotten->start)
      starts_.erase(start);
    if (options_.liveness)
      options_.liveness->forget(forgotten->node);
  } else if (const auto* refused = std::get_if<head_core::node_refused>(&action)) {
    if (log)
      log->warn("node refused node={} why=\"{}\"", refused->node, refused->why.message);
    wire::NodeRefused message;
    *message.mutable_why() = head_wire::to_wire(refused->why);
    if (const auto* link = nodes_.find(refused->start))
      send(*link, std::move(message));
  } else if (const auto* owner = std::get_if<head_core::owner_lost>(&action)) {
    if (log)
      log->info("owner lost owner={} name=\"{}\" why=\"{}\"", owner->owner, owner->name, owner->why);
    owner_names_.erase(owner->owner);
  }
}

void head_actor::tell_watcher() {
  if (options_.on_event)
    options_.on_event();
}

void head_actor::arm_timer() {
  const auto next = core_.wake_at();
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, std::max(*next - now(), std::chrono::nanoseconds::zero()), caf::tick_atom_v);
}

} // namespace runtime
