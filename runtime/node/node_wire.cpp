#include "runtime/node/node_wire.hpp"

#include <utility>
#include <vector>

#include "runtime/base/short_text.hpp"
#include "runtime/limits.hpp"
#include "runtime/package/file_digest.hpp"

namespace runtime::node_wire {
namespace {

constexpr std::size_t most_type_name_bytes = 4096; ///< A C++ identifier with its templates is far below.
constexpr std::size_t most_package_holders = 16;

using amounts = google::protobuf::RepeatedPtrField<wire::Amount>;

void write(amounts* out, const resource_set& resources) {
  for (const auto [name, value] : resources) {
    auto& entry = *out->Add();
    entry.set_name(std::string(name));
    entry.set_units(value.units());
  }
}

[[nodiscard]] result<resource_set> read(const amounts& entries) {
  std::vector<std::pair<std::string, std::int64_t>> pairs;
  pairs.reserve(static_cast<std::size_t>(entries.size()));
  for (const auto& entry : entries)
    pairs.emplace_back(entry.name(), entry.units());
  return resource_set::from_outside(pairs);
}

wire::HeldLease to_wire(const held_lease& lease) {
  wire::HeldLease out;
  out.set_lease_id(lease.lease.value);
  out.set_owner_id(lease.owner.value);
  write(out.mutable_resources(), lease.resources);
  for (const auto& share : lease.gpus) {
    auto& gpu = *out.add_gpus();
    gpu.set_index(share.index);
    gpu.set_units(share.share.units());
  }
  out.set_bundle(lease.bundle);
  return out;
}

wire::WorkEnd::Cause to_wire(work_end::how cause) {
  switch (cause) {
  case work_end::how::finished: return wire::WorkEnd::FINISHED;
  case work_end::how::user_error: return wire::WorkEnd::USER_ERROR;
  case work_end::how::worker_lost: return wire::WorkEnd::WORKER_LOST;
  case work_end::how::stopped: return wire::WorkEnd::STOPPED;
  case work_end::how::not_started: return wire::WorkEnd::NOT_STARTED;
  }
  return wire::WorkEnd::CAUSE_UNSPECIFIED;
}

work_end::how from_wire(wire::WorkEnd::Cause cause) {
  switch (cause) {
  case wire::WorkEnd::FINISHED: return work_end::how::finished;
  case wire::WorkEnd::USER_ERROR: return work_end::how::user_error;
  case wire::WorkEnd::STOPPED: return work_end::how::stopped;
  case wire::WorkEnd::NOT_STARTED: return work_end::how::not_started;
  default: return work_end::how::worker_lost;
  }
}

} // namespace

wire::WorkKey to_wire(work_key key) {
  wire::WorkKey out;
  out.set_lease_id(key.lease.value);
  out.set_number(key.number);
  return out;
}

work_key from_wire(const wire::WorkKey& key) {
  return {lease_id(key.lease_id()), key.number()};
}

wire::Failure to_wire(const error& why) {
  wire::Failure out;
  out.set_code(static_cast<std::uint32_t>(why.code));
  out.set_message(short_text(why.message));
  return out;
}

error from_wire(const wire::Failure& failure) {
  const auto known = failure.code() <= static_cast<std::uint32_t>(errc::node_lost);
  return {known ? static_cast<errc>(failure.code()) : errc::refused, short_text(failure.message())};
}

wire::NodeHello to_wire(const node_hello& hello) {
  wire::NodeHello out;
  out.set_node_id(hello.node.id.value);
  out.set_incarnation(hello.node.start.value);
  out.set_name(hello.node.name);
  out.set_host(hello.node.host);
  out.set_port(hello.node.port);
  write(out.mutable_total(), hello.node.total);
  out.mutable_labels()->insert(hello.node.labels.begin(), hello.node.labels.end());
  out.set_version(hello.version);
  out.set_cluster(hello.cluster);
  for (const auto& lease : hello.leases)
    *out.add_leases() = to_wire(lease);
  out.set_draining(hello.draining);
  return out;
}

wire::WorkEnd to_wire(work_end end) {
  wire::WorkEnd out;
  out.set_cause(to_wire(end.cause));
  if (end.cause == work_end::how::finished)
    out.set_result(std::move(end.result));
  else
    *out.mutable_why() = to_wire(end.why);
  out.set_peak_memory_bytes(end.peak_memory_bytes);
  return out;
}

result<held_lease> from_wire(const wire::HeldLease& lease) {
  held_lease out{lease_id(lease.lease_id()), owner_id(lease.owner_id()), {}, {}, lease.bundle()};
  auto resources = read(lease.resources());
  if (!resources)
    return fail(within(fmt::format("lease {}", out.lease), std::move(resources.error())));
  out.resources = std::move(*resources);
  for (const auto& gpu : lease.gpus()) {
    auto share = amount::from_outside(gpu.units());
    if (!share)
      return fail(within(fmt::format("lease {}: gpu {}", out.lease, gpu.index()), std::move(share.error())));
    out.gpus.push_back({gpu.index(), *share});
  }
  return out;
}

work_end from_wire(const wire::WorkEnd& end) {
  return {from_wire(end.cause()), end.result(), from_wire(end.why()), end.peak_memory_bytes()};
}

result<void> start_order_reader::read_package(const wire::Package& package) {
  if (manifest_ && package.id() == id_.bytes())
    return {};
  auto id = sha256_from_bytes(package.id());
  if (!id)
    return fail(within("package", std::move(id.error())));
  package_manifest manifest;
  manifest.main = package.main();
  for (const auto& file : package.files()) {
    auto digest = sha256_from_bytes(file.sha256());
    if (!digest)
      return fail(within(fmt::format("package {}: file \"{}\"", *id, file.name()), std::move(digest.error())));
    manifest.files.push_back({file.name(), file.size_bytes(), *digest, file.executable()});
  }
  if (auto valid = validate(manifest); !valid)
    return fail(within(fmt::format("package {}", *id), std::move(valid.error())));
  if (const auto real = id_of(manifest); real != *id) // Else it would stand for the real one from now on.
    return fail(errc::invalid_argument, fmt::format("package {}: its manifest is that of package {}", *id, real));
  id_ = *id;
  manifest_ = std::make_shared<const package_manifest>(std::move(manifest));
  return {};
}

result<start_order> start_order_reader::read(const wire::StartWork& message) {
  start_order out{owner_id(message.owner_id()), from_wire(message.work()), {}, {}, {}};
  auto& order = out.order;
  switch (message.kind()) {
  case wire::StartWork::TASK: order.kind = work_kind::task; break;
  case wire::StartWork::ACTOR: order.kind = work_kind::actor; break;
  default:
    return fail(errc::invalid_argument,
                fmt::format("work of kind {} is neither a task nor an actor", static_cast<int>(message.kind())));
  }
  if (order.kind == work_kind::actor && message.actor_id() == 0)
    return fail(errc::invalid_argument, "an actor needs an id");
  if (message.type_name().size() > most_type_name_bytes)
    return fail(errc::too_large, fmt::format("the name of a type has {} bytes; use at most {}",
                                             message.type_name().size(), most_type_name_bytes));
  if (message.arguments().size() > most_message_bytes) // What goes to a worker must fit into a frame.
    return fail(errc::too_large,
                too_large_message(fmt::format("the arguments of {} \"{}\"",
                                              order.kind == work_kind::task ? "task" : "actor", message.type_name()),
                                  message.arguments().size()));
  auto resources = runtime::node_wire::read(message.resources());
  if (!resources)
    return fail(std::move(resources.error()));
  if (auto package = read_package(message.package()); !package)
    return fail(std::move(package.error()));
  order.type_name = message.type_name();
  order.arguments = message.arguments();
  order.resources = std::move(*resources);
  order.actor = actor_id(message.actor_id());
  order.environment = {message.environment().begin(), message.environment().end()};
  for (const auto& [name, value] : order.environment)
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
        value.find('\0') != std::string::npos)
      return fail(errc::invalid_argument, fmt::format("\"{}\" is no name or value of an environment", name));
  for (const auto& holder : message.package_holders()) {
    if (holder.host().empty() || holder.port() == 0 || holder.port() > 65535 ||
        order.package_holders.size() >= most_package_holders)
      return fail(errc::invalid_argument,
                  fmt::format("\"{}:{}\" is no node that could have a package, or one more than {}", holder.host(),
                              holder.port(), most_package_holders));
    order.package_holders.push_back({holder.host(), static_cast<std::uint16_t>(holder.port())});
  }
  out.package = id_;
  out.manifest = manifest_;
  return out;
}

} // namespace runtime::node_wire
