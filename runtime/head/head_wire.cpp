#include "runtime/head/head_wire.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/short_text.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/resources/resource_stock.hpp"

namespace runtime::head_wire {

namespace {

constexpr std::size_t max_text = 255; ///< Names, hosts, versions.
constexpr std::size_t max_labels = 64;

using amounts = google::protobuf::RepeatedPtrField<wire::Amount>;
using labels = google::protobuf::Map<std::string, std::string>;
using shares = google::protobuf::RepeatedPtrField<wire::GpuShare>;

[[nodiscard]] result<void> check_text(const char* what, const std::string& text, bool may_be_empty = false) {
  if (text.empty() && !may_be_empty)
    return fail(errc::invalid_argument, fmt::format("{} is empty", what));
  if (text.size() > max_text)
    return fail(errc::invalid_argument, fmt::format("{} has {} bytes; use at most {}", what, text.size(), max_text));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control))
    return fail(errc::invalid_argument, fmt::format("{} has control characters", what));
  return {};
}

[[nodiscard]] result<void> check_id(const char* what, std::uint64_t number) {
  if (number == 0)
    return fail(errc::invalid_argument, fmt::format("{} is 0", what));
  return {};
}

[[nodiscard]] result<void> all_of(std::initializer_list<result<void>> checks) {
  for (const auto& check : checks)
    if (!check)
      return check;
  return {};
}

[[nodiscard]] result<resource_set> resources_of(const amounts& from) {
  std::vector<std::pair<std::string, std::int64_t>> entries;
  entries.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& a : from)
    entries.emplace_back(a.name(), a.units());
  return resource_set::from_outside(entries);
}

[[nodiscard]] result<label_map> labels_of(const labels& from) {
  if (from.size() > max_labels)
    return fail(errc::invalid_argument, fmt::format("{} labels; use at most {}", from.size(), max_labels));
  label_map found;
  for (const auto& [name, value] : from) {
    if (auto valid = all_of({check_text("a label's name", name), check_text("a label's value", value, true)}); !valid)
      return fail(std::move(valid.error()));
    found.emplace(name, value);
  }
  return found;
}

[[nodiscard]] result<std::vector<gpu_share>> shares_of(const shares& from) {
  std::vector<gpu_share> found;
  for (const auto& s : from) {
    if (s.index() >= resource_stock::max_gpus || s.units() <= 0 || s.units() > amount::steps_in_one)
      return fail(errc::invalid_argument,
                  fmt::format("{}/10000 of gpu {} is no share of a device", s.units(), s.index()));
    found.push_back({s.index(), amount::from_units(s.units())});
  }
  return found;
}

[[nodiscard]] result<std::uint16_t> port_of(std::uint32_t port) {
  if (port > std::numeric_limits<std::uint16_t>::max())
    return fail(errc::invalid_argument, fmt::format("port {} is more than 65535", port));
  return static_cast<std::uint16_t>(port);
}

[[nodiscard]] result<held_lease> held_lease_of(const wire::HeldLease& from) {
  if (auto valid = all_of({check_id("a lease id", from.lease_id()), check_id("a lease's owner", from.owner_id())});
      !valid)
    return fail(std::move(valid.error()));
  auto resources = resources_of(from.resources());
  if (!resources)
    return fail(within(fmt::format("lease {}", from.lease_id()), std::move(resources.error())));
  auto gpus = shares_of(from.gpus());
  if (!gpus)
    return fail(within(fmt::format("lease {}", from.lease_id()), std::move(gpus.error())));
  return held_lease{lease_id{from.lease_id()}, owner_id{from.owner_id()}, std::move(*resources), std::move(*gpus),
                    from.bundle()};
}

void put(const resource_set& from, amounts& to) {
  for (const auto [name, value] : from) {
    auto& a = *to.Add();
    a.set_name(std::string(name));
    a.set_units(value.units());
  }
}

void put(const std::vector<gpu_share>& from, shares& to) {
  for (const auto& share : from) {
    auto& s = *to.Add();
    s.set_index(share.index);
    s.set_units(share.share.units());
  }
}

placement_kind kind_of(wire::Placement::Kind kind) {
  switch (kind) {
  case wire::Placement::SPREAD: return placement_kind::spread;
  case wire::Placement::PACK: return placement_kind::pack;
  case wire::Placement::NODE: return placement_kind::node;
  default: return placement_kind::hybrid; // As the protocol says; a newer peer's kinds too.
  }
}

group_strategy strategy_of(wire::GroupDemand::Strategy strategy) {
  switch (strategy) {
  case wire::GroupDemand::SPREAD: return group_strategy::spread;
  case wire::GroupDemand::STRICT_PACK: return group_strategy::strict_pack;
  case wire::GroupDemand::STRICT_SPREAD: return group_strategy::strict_spread;
  default: return group_strategy::pack;
  }
}

actor_state state_of(wire::ActorRecord::State state) {
  switch (state) {
  case wire::ActorRecord::STARTING: return actor_state::starting;
  case wire::ActorRecord::ALIVE: return actor_state::alive;
  case wire::ActorRecord::RESTARTING: return actor_state::restarting;
  case wire::ActorRecord::DEAD: return actor_state::dead;
  default: return actor_state::pending;
  }
}

wire::ActorRecord::State state_of(actor_state state) {
  switch (state) {
  case actor_state::pending: return wire::ActorRecord::PENDING;
  case actor_state::starting: return wire::ActorRecord::STARTING;
  case actor_state::alive: return wire::ActorRecord::ALIVE;
  case actor_state::restarting: return wire::ActorRecord::RESTARTING;
  case actor_state::dead: return wire::ActorRecord::DEAD;
  }
  return wire::ActorRecord::DEAD;
}

} // namespace

// ---- from ----

result<node_hello> from_wire(const wire::NodeHello& message) {
  if (auto valid =
        all_of({check_id("the node's id", message.node_id()), check_id("the node's incarnation", message.incarnation()),
                check_text("the node's name", message.name()), check_text("the node's host", message.host(), true),
                check_text("the node's version", message.version(), true),
                check_text("the cluster", message.cluster(), true)});
      !valid)
    return fail(std::move(valid.error()));
  const auto at = fmt::format("node \"{}\"", message.name());
  const auto port = port_of(message.port());
  if (!port)
    return fail(within(at, port.error()));
  auto total = resources_of(message.total());
  if (!total)
    return fail(within(at, std::move(total.error())));
  if (auto valid = validate_capacity(*total); !valid)
    return fail(within(at, std::move(valid.error())));
  auto with = labels_of(message.labels());
  if (!with)
    return fail(within(at, std::move(with.error())));
  node_hello hello{{node_id{message.node_id()}, incarnation{message.incarnation()}, message.name(), message.host(),
                    *port, std::move(*total), std::move(*with)},
                   message.version(),
                   message.cluster(),
                   {},
                   message.draining()};
  hello.leases.reserve(static_cast<std::size_t>(message.leases_size()));
  for (const auto& lease : message.leases()) {
    auto held = held_lease_of(lease);
    if (!held)
      return fail(within(at, std::move(held.error())));
    hello.leases.push_back(std::move(*held));
  }
  return hello;
}

result<demand> from_wire(const wire::Demand& message) {
  demand wants;
  auto resources = resources_of(message.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  wants.resources = std::move(*resources);
  wants.placement = {kind_of(message.placement().kind()), message.placement().node_name(), message.placement().soft()};
  if (wants.placement.kind != placement_kind::node)
    wants.placement = {wants.placement.kind, {}, false}; // So that equal demands are equal.
  else if (auto valid = check_text("the node's name", wants.placement.node_name); !valid)
    return fail(std::move(valid.error()));
  auto required = labels_of(message.required_labels());
  if (!required)
    return fail(std::move(required.error()));
  auto preferred = labels_of(message.preferred_labels());
  if (!preferred)
    return fail(std::move(preferred.error()));
  wants.required_labels = std::move(*required);
  wants.preferred_labels = std::move(*preferred);
  wants.priority = message.priority();
  wants.waits_for_nodes = message.waits_for_nodes();
  if (auto valid = check_text("the name of the node to avoid", message.avoided_node(), true); !valid)
    return fail(std::move(valid.error()));
  wants.avoided_node = message.avoided_node();
  return wants;
}

result<group_demand> from_wire(const wire::GroupDemand& message) {
  const auto size = static_cast<std::size_t>(message.bundles_size());
  if (size == 0 || size > group_demand::max_bundles)
    return fail(errc::invalid_argument,
                fmt::format("a group has {} bundles; use 1 to {}", size, group_demand::max_bundles));
  group_demand wants;
  for (const auto& bundle : message.bundles()) {
    auto resources = resources_of(bundle.resources());
    if (!resources)
      return fail(within(fmt::format("bundle {}", wants.bundles.size()), std::move(resources.error())));
    wants.bundles.push_back(std::move(*resources));
  }
  auto required = labels_of(message.required_labels());
  if (!required)
    return fail(std::move(required.error()));
  auto preferred = labels_of(message.preferred_labels());
  if (!preferred)
    return fail(std::move(preferred.error()));
  wants.strategy = strategy_of(message.strategy());
  wants.required_labels = std::move(*required);
  wants.preferred_labels = std::move(*preferred);
  wants.priority = message.priority();
  wants.waits_for_nodes = message.waits_for_nodes();
  return wants;
}

std::vector<held_bundle> held_of(const wire::DemandGroup& message) {
  std::vector<held_bundle> found;
  for (const auto& held : message.held())
    if (found.size() < group_demand::max_bundles)
      found.push_back({held.bundle(), lease_id{held.lease_id()}});
  return found;
}

result<actor_record> from_wire(const wire::ActorRecord& message) {
  if (auto valid =
        all_of({check_id("the actor's id", message.actor_id()), check_text("the actor's name", message.name(), true),
                check_text("the actor's type", message.type_name(), true),
                check_text("the actor's node", message.node_name(), true),
                check_text("the actor's host", message.host(), true)});
      !valid)
    return fail(std::move(valid.error()));
  const auto port = port_of(message.port());
  if (!port)
    return fail(port.error());
  auto resources = resources_of(message.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  actor_record record;
  record.id = actor_id{message.actor_id()};
  record.name = message.name();
  record.type_name = message.type_name();
  record.owner = owner_id{message.owner_id()};
  record.state = state_of(message.state());
  record.node_name = message.node_name();
  record.host = message.host();
  record.port = *port;
  record.work = {lease_id{message.work().lease_id()}, message.work().number()};
  record.restarts = message.restarts();
  record.why_dead = from_wire(message.why_dead());
  record.resources = std::move(*resources);
  record.process_id = message.process_id();
  return record;
}

error from_wire(const wire::Failure& message) {
  const auto is_known = message.code() <= static_cast<std::uint32_t>(errc::node_lost);
  return {is_known ? static_cast<errc>(message.code()) : errc::refused, short_text(message.message())};
}

result<owner_hello> from_wire(const wire::OwnerHello& message) {
  if (auto valid =
        all_of({check_id("the owner's id", message.owner_id()), check_text("the owner's name", message.name(), true),
                check_text("the owner's version", message.version(), true)});
      !valid)
    return fail(std::move(valid.error()));
  auto quota = resources_of(message.quota());
  if (!quota)
    return fail(within("quota", std::move(quota.error())));
  return owner_hello{owner_id{message.owner_id()}, message.name(), message.version(), std::move(*quota)};
}

// ---- to ----

wire::Failure to_wire(const error& why) {
  wire::Failure to;
  to.set_code(static_cast<std::uint32_t>(why.code));
  to.set_message(short_text(why.message));
  return to;
}

wire::GrantLease to_wire(const head_core::grant& a) {
  wire::GrantLease to;
  auto& lease = *to.mutable_lease();
  lease.set_lease_id(a.lease.lease.value);
  lease.set_owner_id(a.lease.owner.value);
  put(a.lease.resources, *lease.mutable_resources());
  put(a.lease.gpus, *lease.mutable_gpus());
  lease.set_bundle(a.lease.bundle);
  return to;
}

wire::EndLease to_wire(const head_core::end& a) {
  wire::EndLease to;
  to.set_lease_id(a.lease.value);
  to.set_why(a.why);
  return to;
}

wire::LeaseEndHeard to_wire(const head_core::hear_end& a) {
  wire::LeaseEndHeard to;
  to.set_lease_id(a.lease.value);
  return to;
}

wire::DemandAnswer to_wire(const head_core::answer_granted& a) {
  wire::DemandAnswer to;
  to.set_owner_id(a.owner.value);
  to.set_request_id(a.request.value);
  auto& granted = *to.mutable_granted();
  for (const auto& lease : a.leases) {
    auto& l = *granted.add_leases();
    l.set_lease_id(lease.lease.value);
    l.set_node_id(lease.node.value);
    l.set_node_incarnation(lease.node_incarnation.value);
    l.set_node_name(lease.node_name);
    l.set_host(lease.host);
    l.set_port(lease.port);
    put(lease.resources, *l.mutable_resources());
    put(lease.gpus, *l.mutable_gpus());
    l.set_bundle(lease.bundle);
  }
  return to;
}

wire::DemandAnswer to_wire(const head_core::answer_waits& a) {
  wire::DemandAnswer to;
  to.set_owner_id(a.owner.value);
  to.set_request_id(a.request.value);
  to.mutable_waits()->set_why(a.why);
  return to;
}

wire::DemandAnswer to_wire(const head_core::answer_refused& a) {
  wire::DemandAnswer to;
  to.set_owner_id(a.owner.value);
  to.set_request_id(a.request.value);
  *to.mutable_refused() = to_wire(a.why);
  return to;
}

wire::LeaseLost to_wire(const head_core::lease_lost& a) {
  wire::LeaseLost to;
  to.set_owner_id(a.owner.value);
  to.set_lease_id(a.lease.value);
  *to.mutable_why() = to_wire(a.why);
  return to;
}

wire::ActorRecord to_wire(const actor_record& record) {
  wire::ActorRecord to;
  to.set_actor_id(record.id.value);
  to.set_name(record.name);
  to.set_type_name(record.type_name);
  to.set_owner_id(record.owner.value);
  to.set_state(state_of(record.state));
  to.set_node_name(record.node_name);
  to.set_host(record.host);
  to.set_port(record.port);
  to.mutable_work()->set_lease_id(record.work.lease.value);
  to.mutable_work()->set_number(record.work.number);
  to.set_restarts(record.restarts);
  if (record.state == actor_state::dead)
    *to.mutable_why_dead() = to_wire(record.why_dead);
  put(record.resources, *to.mutable_resources());
  to.set_process_id(record.process_id);
  return to;
}

namespace {

constexpr std::size_t most_rows = 1'000; // Of each kind: an answer must not hold up what comes behind it.

template <class Demand> // wire::WaitingDemand, wire::WaitingDemands
void put(const head_core::demand_status& demand, Demand& to) {
  to.set_owner(demand.owner_name);
  to.set_owner_id(demand.owner.value);
  put(demand.wants, *to.mutable_wants());
  to.set_why(demand.why);
  to.set_waited_ms(
    static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(demand.waited).count()));
}

} // namespace

wire::ClusterState cluster_state(const head_core& core, instant now) {
  wire::ClusterState to;
  to.set_version(core.options().version);
  for (const auto& node : core.nodes()) {
    auto& n = *to.add_nodes();
    n.set_node_id(node.what.id.value);
    n.set_name(node.what.name);
    n.set_address(endpoint_text(node.what.host, node.what.port));
    n.set_state(to_string(node.state));
    put(node.what.total, *n.mutable_total());
    put(node.used, *n.mutable_used());
    n.mutable_labels()->insert(node.what.labels.begin(), node.what.labels.end());
  }
  for (const auto& lease : core.leases(most_rows)) {
    auto& l = *to.add_leases();
    l.set_lease_id(lease.lease.value);
    l.set_owner(lease.owner_name);
    l.set_owner_id(lease.owner.value);
    l.set_node_name(lease.node_name);
    put(lease.resources, *l.mutable_resources());
    l.set_state(to_string(lease.state));
  }
  to.set_lease_count(core.lease_count());
  for (const auto& demand : core.waiting(now, most_rows))
    put(demand, *to.add_queue());
  to.set_queue_count(core.queue().size());
  to.set_waiting_count(core.queue().equals().size());
  for (const auto& [oldest, count] : core.waiting_together(now, most_rows)) {
    auto& d = *to.add_waiting();
    put(oldest, d);
    d.set_count(count);
  }
  auto actors = core.actors().all();
  // However many have ended: whoever looks wants to see those that run.
  std::stable_partition(actors.begin(), actors.end(), [](const auto& a) { return a.state != actor_state::dead; });
  to.set_actor_count(actors.size());
  to.set_living_actor_count(core.actors().living());
  for (const auto& record : actors) {
    if (static_cast<std::size_t>(to.actors_size()) == most_rows)
      break;
    *to.add_actors() = to_wire(record);
  }
  return to;
}

} // namespace runtime::head_wire
