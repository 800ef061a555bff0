// owner_actor: the links that it keeps, dialled, greeted, lost and dropped.
#include <set>
#include <utility>

#include <spdlog/spdlog.h>

#include "runtime/net/caf_error.hpp"
#include "runtime/owner/dial_deadline.hpp"
#include "runtime/owner/owner_actor.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {

void owner_actor::on_down(const caf::down_msg& down) {
  const error why{errc::unreachable, "the connection was lost"};
  if (head_ && down.source == head_.address()) {
    options_.log->warn("head link lost owner={} head={}", options_.core.owner, options_.core.head_address);
    head_ = nullptr;
    perform(core_.on_head_unlinked(why, now()));
  } else if (const auto node = node_addresses_.find(down.source); node != node_addresses_.end()) {
    const auto id = node->second;
    node_addresses_.erase(node);
    const auto link = nodes_.find(id);
    if (link == nodes_.end() || link->second.address() != down.source)
      return; // There is a newer one.
    options_.log->warn("node link lost owner={} node={}", options_.core.owner, id);
    nodes_.erase(link);
    perform(core_.on_node_unlinked(id, why, now()));
  }
}

void owner_actor::perform(owner_core::dial_head&) {
  request(options_.middleman, dial_deadline, caf::connect_atom_v, options_.head_host, options_.head_port)
    .then(
      [this](const caf::node_id&, const caf::strong_actor_ptr& head, const std::set<std::string>&) {
        if (!head)
          return perform(core_.on_head_unlinked({errc::unreachable, "no head listens there"}, now()));
        head_ = caf::actor_cast<caf::actor>(head);
        monitor(head_); // A handle from a cache may be dead: that is told at once.
        if (options_.on_head_linked)
          options_.on_head_linked(head_);
        perform(core_.on_head_linked(now()));
      },
      [this](const caf::error& why) { perform(core_.on_head_unlinked(from_caf_error(why), now())); });
}

void owner_actor::perform(owner_core::say_hello_to_head&) {
  send(head_, make_owner_hello(options_.core.owner, options_.name, options_.version, options_.quota));
}

void owner_actor::perform(owner_core::drop_head&) {
  options_.log->warn("head dropped owner={} head={} why=\"it did not answer\"", options_.core.owner,
                     options_.core.head_address);
  const auto silent = std::exchange(head_, nullptr);
  demonitor(silent);
  drop_link_to(silent);
}

void owner_actor::perform(owner_core::dial_node& a) {
  request(options_.middleman, dial_deadline, caf::connect_atom_v, a.host, a.port)
    .then(
      [this, node = a.node](const caf::node_id&, const caf::strong_actor_ptr& handle, const std::set<std::string>&) {
        if (!handle)
          return perform(core_.on_node_unlinked(node, {errc::unreachable, "no node manager listens there"}, now()));
        auto link = caf::actor_cast<caf::actor>(handle);
        node_addresses_[link.address()] = node;
        monitor(link);
        nodes_[node] = std::move(link);
        perform(core_.on_node_linked(node, now()));
      },
      [this, node = a.node](const caf::error& why) {
        perform(core_.on_node_unlinked(node, from_caf_error(why), now()));
      });
}

void owner_actor::perform(owner_core::say_hello_to_node& a) {
  send(nodes_.at(a.node), make_owner_hello(options_.core.owner, options_.name, options_.version, {}));
}

void owner_actor::perform(owner_core::drop_node& a) {
  options_.log->warn("node dropped owner={} node={} why=\"it did not answer\"", options_.core.owner, a.node);
  if (const auto silent = take_link(a.node))
    drop_link_to(silent);
}

void owner_actor::perform(owner_core::forget_node& a) {
  (void)take_link(a.node); // None: it was never linked, or has been lost.
}

void owner_actor::drop_link_to(const caf::actor& peer) {
  if (options_.drop_link)
    options_.drop_link(peer.node());
}

caf::actor owner_actor::take_link(node_id id) {
  const auto link = nodes_.find(id);
  if (link == nodes_.end())
    return nullptr;
  auto taken = std::move(link->second);
  demonitor(taken);
  node_addresses_.erase(taken.address());
  nodes_.erase(link);
  return taken;
}

} // namespace runtime
