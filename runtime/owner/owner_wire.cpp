#include "runtime/owner/owner_wire.hpp"

#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/short_text.hpp"
#include "runtime/package/file_digest.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {
namespace {

constexpr std::size_t most_name_bytes = 255; ///< As the head reads it.

template <class Repeated>
void write_resources(const resource_set& set, Repeated& out) {
  for (const auto [name, value] : set) {
    auto& amount = *out.Add();
    amount.set_name(std::string(name));
    amount.set_units(value.units());
  }
}

template <class Repeated>
[[nodiscard]] result<resource_set> read_resources(const Repeated& amounts) {
  std::vector<std::pair<std::string, std::int64_t>> entries;
  for (const auto& amount : amounts)
    entries.emplace_back(amount.name(), amount.units());
  return resource_set::from_outside(entries);
}

template <class Map>
void write_labels(const label_map& labels, Map& out) {
  for (const auto& [name, value] : labels)
    out[name] = value;
}

template <class Map>
label_map read_labels(const Map& labels) {
  return {labels.begin(), labels.end()};
}

void write_placement(const placement_strategy& placement, wire::Placement& out) {
  switch (placement.kind) {
  case placement_kind::hybrid: out.set_kind(wire::Placement::HYBRID); break;
  case placement_kind::spread: out.set_kind(wire::Placement::SPREAD); break;
  case placement_kind::pack: out.set_kind(wire::Placement::PACK); break;
  case placement_kind::node: out.set_kind(wire::Placement::NODE); break;
  }
  out.set_node_name(placement.node_name);
  out.set_soft(placement.soft);
}

placement_strategy read_placement(const wire::Placement& placement) {
  placement_strategy out;
  switch (placement.kind()) {
  case wire::Placement::SPREAD: out.kind = placement_kind::spread; break;
  case wire::Placement::PACK: out.kind = placement_kind::pack; break;
  case wire::Placement::NODE: out.kind = placement_kind::node; break;
  default: break; // Hybrid, and what a newer peer means.
  }
  out.node_name = placement.node_name();
  out.soft = placement.soft();
  return out;
}

wire::GroupDemand::Strategy wire_strategy(group_strategy strategy) {
  switch (strategy) {
  case group_strategy::pack: return wire::GroupDemand::PACK;
  case group_strategy::spread: return wire::GroupDemand::SPREAD;
  case group_strategy::strict_pack: return wire::GroupDemand::STRICT_PACK;
  case group_strategy::strict_spread: return wire::GroupDemand::STRICT_SPREAD;
  }
  return wire::GroupDemand::PACK;
}

wire::ActorRecord::State wire_state(actor_state state) {
  switch (state) {
  case actor_state::pending: return wire::ActorRecord::PENDING;
  case actor_state::starting: return wire::ActorRecord::STARTING;
  case actor_state::alive: return wire::ActorRecord::ALIVE;
  case actor_state::restarting: return wire::ActorRecord::RESTARTING;
  case actor_state::dead: return wire::ActorRecord::DEAD;
  }
  return wire::ActorRecord::PENDING;
}

actor_state read_state(wire::ActorRecord::State state) {
  switch (state) {
  case wire::ActorRecord::STARTING: return actor_state::starting;
  case wire::ActorRecord::ALIVE: return actor_state::alive;
  case wire::ActorRecord::RESTARTING: return actor_state::restarting;
  case wire::ActorRecord::DEAD: return actor_state::dead;
  default: return actor_state::pending; // As the proto file says.
  }
}

[[nodiscard]] result<std::uint16_t> read_port(std::uint32_t port) {
  if (port > std::numeric_limits<std::uint16_t>::max())
    return fail(errc::invalid_argument, fmt::format("{} is not a port", port));
  return static_cast<std::uint16_t>(port);
}

} // namespace

wire::OwnerHello make_owner_hello(owner_id owner, const std::string& name, const std::string& version,
                                  const resource_set& quota) {
  wire::OwnerHello out;
  out.set_owner_id(owner.value);
  out.set_name(short_text(name, most_name_bytes)); // A file's name: any bytes.
  out.set_version(version);
  write_resources(quota, *out.mutable_quota());
  return out;
}

wire::DemandLease make_demand(owner_id owner, const owner_core::demand_lease& order) {
  wire::DemandLease out;
  out.set_owner_id(owner.value);
  out.set_request_id(order.request.value);
  const auto& wants = order.spec->wants;
  auto& demand = *out.mutable_demand();
  write_resources(wants.resources, *demand.mutable_resources());
  write_placement(wants.placement, *demand.mutable_placement());
  write_labels(wants.required_labels, *demand.mutable_required_labels());
  write_labels(wants.preferred_labels, *demand.mutable_preferred_labels());
  demand.set_priority(wants.priority);
  demand.set_waits_for_nodes(wants.waits_for_nodes);
  demand.set_avoided_node(wants.avoided_node);
  return out;
}

wire::DemandGroup make_demand(owner_id owner, const owner_core::demand_group& order) {
  wire::DemandGroup out;
  out.set_owner_id(owner.value);
  out.set_request_id(order.request.value);
  auto& group = *out.mutable_group();
  for (const auto& bundle : order.group->bundles)
    write_resources(bundle, *group.add_bundles()->mutable_resources());
  group.set_strategy(wire_strategy(order.group->strategy));
  write_labels(order.group->required_labels, *group.mutable_required_labels());
  write_labels(order.group->preferred_labels, *group.mutable_preferred_labels());
  group.set_priority(order.group->priority);
  group.set_waits_for_nodes(order.group->waits_for_nodes);
  for (const auto& held : order.held) {
    auto& h = *out.add_held();
    h.set_bundle(held.bundle);
    h.set_lease_id(held.lease.value);
  }
  return out;
}

wire::AnnounceActors make_announcement(owner_id owner, const owner_core::announce_actors& order) {
  wire::AnnounceActors out;
  out.set_owner_id(owner.value);
  for (const auto& record : order.actors)
    *out.add_actors() = make_actor_record(record);
  return out;
}

wire::StartWork make_start(owner_id owner, const owner_core::start_work& order) {
  wire::StartWork out;
  out.set_owner_id(owner.value);
  *out.mutable_work() = make_work_key(order.work);
  out.set_kind(order.spec->kind == work_kind::task ? wire::StartWork::TASK : wire::StartWork::ACTOR);
  out.set_type_name(order.spec->type_name);
  if (order.arguments)
    out.set_arguments(*order.arguments);
  write_resources(order.spec->wants.resources, *out.mutable_resources());
  out.set_actor_id(order.actor.value);
  for (const auto& [name, value] : order.spec->environment)
    (*out.mutable_environment())[name] = value;
  for (const auto& holder : order.package_holders) {
    auto& told = *out.add_package_holders();
    told.set_host(holder.host);
    told.set_port(holder.port);
  }
  return out;
}

wire::StopWork make_stop(owner_id owner, const owner_core::stop_work& order) {
  wire::StopWork out;
  out.set_owner_id(owner.value);
  *out.mutable_work() = make_work_key(order.work);
  out.set_deadline_ms(static_cast<std::uint64_t>(order.deadline.count()));
  return out;
}

wire::WorkKey make_work_key(work_key key) {
  wire::WorkKey out;
  out.set_lease_id(key.lease.value);
  out.set_number(key.number);
  return out;
}

wire::Package make_package(const package_manifest& package) {
  wire::Package out;
  out.set_id(std::string(id_of(package).bytes()));
  out.set_main(package.main);
  for (const auto& file : package.files) {
    auto& to = *out.add_files();
    to.set_name(file.name);
    to.set_size_bytes(file.size_bytes);
    to.set_sha256(std::string(file.digest.bytes()));
    to.set_executable(file.executable);
  }
  return out;
}

wire::ActorRecord make_actor_record(const actor_record& record) {
  wire::ActorRecord out;
  out.set_actor_id(record.id.value);
  out.set_name(record.name);
  out.set_type_name(record.type_name);
  out.set_owner_id(record.owner.value);
  out.set_state(wire_state(record.state));
  out.set_node_name(record.node_name);
  out.set_host(record.host);
  out.set_port(record.port);
  *out.mutable_work() = make_work_key(record.work);
  out.set_restarts(record.restarts);
  if (record.state == actor_state::dead)
    *out.mutable_why_dead() = failure_of(record.why_dead);
  write_resources(record.resources, *out.mutable_resources());
  out.set_process_id(record.process_id);
  return out;
}

wire::GrantedLease make_lease(const granted_lease& lease) {
  wire::GrantedLease out;
  out.set_lease_id(lease.lease.value);
  out.set_node_id(lease.node.value);
  out.set_node_incarnation(lease.node_incarnation.value);
  out.set_node_name(lease.node_name);
  out.set_host(lease.host);
  out.set_port(lease.port);
  write_resources(lease.resources, *out.mutable_resources());
  for (const auto& gpu : lease.gpus) {
    auto& share = *out.add_gpus();
    share.set_index(gpu.index);
    share.set_units(gpu.share.units());
  }
  out.set_bundle(lease.bundle);
  return out;
}

wire::Failure failure_of(const error& why) {
  wire::Failure out;
  out.set_code(static_cast<std::uint32_t>(why.code));
  out.set_message(short_text(why.message));
  return out;
}

result<granted_lease> read_lease(const wire::GrantedLease& lease) {
  if (lease.lease_id() == 0 || lease.node_id() == 0)
    return fail(errc::invalid_argument, "a granted lease needs an id and a node");
  auto resources = read_resources(lease.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  const auto port = read_port(lease.port());
  if (!port)
    return fail(port.error());
  granted_lease out;
  out.lease = lease_id{lease.lease_id()};
  out.node = node_id{lease.node_id()};
  out.node_incarnation = incarnation{lease.node_incarnation()};
  out.node_name = lease.node_name();
  out.host = lease.host();
  out.port = *port;
  out.resources = std::move(*resources);
  for (const auto& gpu : lease.gpus()) {
    const auto share = amount::from_outside(gpu.units());
    if (!share)
      return fail(share.error());
    out.gpus.push_back({gpu.index(), *share});
  }
  out.bundle = lease.bundle();
  return out;
}

result<std::vector<granted_lease>> read_granted(const wire::DemandAnswer::Granted& granted) {
  std::vector<granted_lease> out;
  for (const auto& lease : granted.leases()) {
    auto read = read_lease(lease);
    if (!read)
      return fail(within(fmt::format("lease {}", lease.lease_id()), std::move(read.error())));
    out.push_back(std::move(*read));
  }
  return out;
}

result<work_end> read_work_end(const wire::WorkEnd& end) {
  using how = work_end::how;
  work_end out;
  switch (end.cause()) {
  case wire::WorkEnd::FINISHED: out.cause = how::finished; break;
  case wire::WorkEnd::USER_ERROR: out.cause = how::user_error; break;
  case wire::WorkEnd::STOPPED: out.cause = how::stopped; break;
  case wire::WorkEnd::NOT_STARTED: out.cause = how::not_started; break;
  default: out.cause = how::worker_lost; break; // As the proto file says.
  }
  out.result = end.result();
  out.why = error_of(end.why());
  if (out.cause == how::worker_lost && !end.has_why())
    out.why = {errc::worker_lost, "its worker is gone"};
  out.peak_memory_bytes = end.peak_memory_bytes();
  return out;
}

result<actor_record> read_actor_record(const wire::ActorRecord& record) {
  auto resources = read_resources(record.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  const auto port = read_port(record.port());
  if (!port)
    return fail(port.error());
  actor_record out;
  out.id = actor_id{record.actor_id()};
  out.name = record.name();
  out.type_name = record.type_name();
  out.owner = owner_id{record.owner_id()};
  out.state = read_state(record.state());
  out.node_name = record.node_name();
  out.host = record.host();
  out.port = *port;
  out.work = read_work_key(record.work());
  out.restarts = record.restarts();
  out.why_dead = error_of(record.why_dead());
  out.resources = std::move(*resources);
  out.process_id = record.process_id();
  return out;
}

result<demand> read_demand(const wire::Demand& wants) {
  auto resources = read_resources(wants.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  demand out;
  out.resources = std::move(*resources);
  out.placement = read_placement(wants.placement());
  out.required_labels = read_labels(wants.required_labels());
  out.preferred_labels = read_labels(wants.preferred_labels());
  out.priority = wants.priority();
  out.waits_for_nodes = wants.waits_for_nodes();
  out.avoided_node = wants.avoided_node();
  return out;
}

result<package_manifest> read_package(const wire::Package& package) {
  package_manifest out;
  out.main = package.main();
  for (const auto& file : package.files()) {
    auto digest = sha256_from_bytes(file.sha256());
    if (!digest)
      return fail(within(fmt::format("package file \"{}\"", file.name()), std::move(digest.error())));
    out.files.push_back({file.name(), file.size_bytes(), *digest, file.executable()});
  }
  if (auto valid = validate(out); !valid)
    return fail(std::move(valid.error()));
  if (id_of(out).bytes() != package.id())
    return fail(errc::invalid_argument, "the package's id is not the digest of its manifest");
  return out;
}

work_key read_work_key(const wire::WorkKey& key) {
  return {lease_id{key.lease_id()}, key.number()};
}

error error_of(const wire::Failure& failure) {
  const auto is_known = failure.code() <= static_cast<std::uint32_t>(errc::node_lost);
  return {is_known ? static_cast<errc>(failure.code()) : errc::refused, short_text(failure.message())};
}

} // namespace runtime
