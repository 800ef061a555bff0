#include "tests/fuzz/wire_round_trip.hpp"

#include "runtime/head/head_wire.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/package/manifest.hpp"

/// What head, owners and workers send to a node manager: the first byte chooses the kind, the rest is the message.

namespace {

using namespace runtime;
using node_wire::from_wire;

wire::HeldLease to_wire(const held_lease& lease) {
  return head_wire::to_wire(head_core::grant{node_id{1}, lease}).lease();
}

void check_lease(std::string_view bytes) {
  fuzz::check_round_trip<wire::HeldLease>(
    bytes, [](const wire::HeldLease& m) { return from_wire(m); }, [](const held_lease& l) { return to_wire(l); });
}

void check_end(std::string_view bytes) {
  fuzz::check_round_trip<wire::WorkEnd>(bytes, fuzz::never_refused([](const wire::WorkEnd& m) { return from_wire(m); }),
                                        [](const work_end& end) { return node_wire::to_wire(end); });
}

void check_failure(std::string_view bytes) {
  fuzz::check_round_trip<wire::Failure>(bytes, fuzz::never_refused([](const wire::Failure& m) { return from_wire(m); }),
                                        [](const error& why) { return node_wire::to_wire(why); });
}

void check_key(std::string_view bytes) {
  fuzz::check_round_trip<wire::WorkKey>(bytes, fuzz::never_refused([](const wire::WorkKey& m) { return from_wire(m); }),
                                        [](work_key key) { return node_wire::to_wire(key); });
}

wire::StartWork to_wire(const node_wire::start_order& order) {
  auto spec = std::make_shared<work_spec>();
  spec->kind = order.order.kind;
  spec->type_name = order.order.type_name;
  spec->wants.resources = order.order.resources;
  spec->environment = order.order.environment;
  owner_core::start_work start;
  start.work = order.work;
  start.spec = spec;
  start.actor = order.order.actor;
  start.arguments = std::make_shared<const std::string>(order.order.arguments);
  start.package_holders = order.order.package_holders;
  auto message = make_start(order.owner, start);
  *message.mutable_package() = make_package(*order.manifest);
  return message;
}

/// A reader that has read the package before must say the same as one that has not.
void check_start(std::string_view bytes) {
  node_wire::start_order_reader used;
  fuzz::check_round_trip<wire::StartWork>(
    bytes, [](const wire::StartWork& m) { return node_wire::start_order_reader().read(m); },
    [&](const node_wire::start_order& order) {
      const auto written = to_wire(order);
      for (int i = 0; i < 2; ++i) {
        const auto again = used.read(written);
        fuzz::require(again && *again->manifest == *order.manifest && again->package == order.package,
                      "a reader that knows the package reads another one");
      }
      fuzz::require(read_package(written.package()).has_value(), "an owner cannot read what a node accepts");
      return written;
    });
}

constexpr void (*checks[])(std::string_view) = {check_lease, check_end, check_failure, check_key, check_start};

void run(std::string_view input) {
  fuzz::parts parts(input);
  checks[parts.byte() % std::size(checks)](parts.rest());
}

fuzz::inputs seeds() {
  const held_lease lease{lease_id{3}, owner_id{4}, cpus(0.5) + gpus(0.5), {{1, amount::from_units(5000)}}, true};

  auto package = std::make_shared<package_manifest>();
  package->files.push_back({"digits", 4096, sha256{{1, 2, 3}}, /*executable=*/true});
  package->main = "digits";
  node_wire::start_order start;
  start.owner = owner_id{4};
  start.work = {lease_id{3}, 1};
  start.manifest = package;
  start.order.kind = work_kind::actor;
  start.order.type_name = "counter";
  start.order.arguments = "arguments";
  start.order.resources = cpus(0.5);
  start.order.actor = actor_id{5};
  start.order.environment = {{"OMP_NUM_THREADS", "1"}};
  start.order.package_holders = {{"10.0.0.2", 6390}};

  return {
    fuzz::of_kind(0, to_wire(lease).SerializeAsString()),
    fuzz::of_kind(1, node_wire::to_wire(work_end{work_end::how::finished, "four", {}, 4096}).SerializeAsString()),
    fuzz::of_kind(2, node_wire::to_wire(error{errc::refused, "no room"}).SerializeAsString()),
    fuzz::of_kind(3, node_wire::to_wire(work_key{lease_id{3}, 1}).SerializeAsString()),
    fuzz::of_kind(4, to_wire(start).SerializeAsString()),
  };
}

const fuzz::target node_wire_target("runtime/node/node_wire", run, seeds);

} // namespace
