#include "tests/fuzz/wire_round_trip.hpp"

#include "runtime/head/head_wire.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/owner/owner_wire.hpp"

/// What nodes and owners send to the head: the first byte chooses the kind, the rest is the message.

namespace {

using namespace runtime;
using head_wire::from_wire;

wire::Demand to_wire(const demand& wants) {
  auto spec = std::make_shared<work_spec>();
  spec->wants = wants;
  return make_demand(owner_id{1}, owner_core::demand_lease{request_id{1}, spec}).demand();
}

wire::DemandGroup to_wire(const group_demand& wants, const std::vector<held_bundle>& held) {
  return make_demand(owner_id{1},
                     owner_core::demand_group{request_id{1}, std::make_shared<const group_demand>(wants), held});
}

void check_demand(std::string_view bytes) {
  fuzz::check_round_trip<wire::Demand>(
    bytes, [](const wire::Demand& m) { return from_wire(m); }, [](const demand& wants) { return to_wire(wants); });
  if (const auto message = fuzz::parse<wire::Demand>(bytes))
    if (const auto wants = from_wire(*message))
      fuzz::require(from_wire(to_wire(*wants)) == *wants, "a demand comes back as another one");
}

void check_group(std::string_view bytes) {
  const auto message = fuzz::parse<wire::DemandGroup>(bytes);
  if (!message)
    return;
  const auto held = head_wire::held_of(*message);
  fuzz::require(held.size() <= group_demand::max_bundles, "more bundles are held than a group can have");
  const auto wants = from_wire(message->group());
  if (!wants)
    return fuzz::check_error(wants.error());
  const auto written = to_wire(*wants, held);
  fuzz::require(from_wire(written.group()) == *wants, "a group comes back as another one");
  fuzz::require(head_wire::held_of(written).size() == held.size(), "held bundles got lost");
}

void check_hello(std::string_view bytes) {
  fuzz::check_round_trip<wire::NodeHello>(
    bytes, [](const wire::NodeHello& m) { return from_wire(m); },
    [](const node_hello& hello) { return node_wire::to_wire(hello); });
}

void check_record(std::string_view bytes) {
  fuzz::check_round_trip<wire::ActorRecord>(
    bytes, [](const wire::ActorRecord& m) { return from_wire(m); },
    [](const actor_record& record) {
      const auto written = head_wire::to_wire(record);
      fuzz::require(fuzz::canonical_bytes(written) == fuzz::canonical_bytes(make_actor_record(record)),
                    "head and owner write a record differently");
      fuzz::require(read_actor_record(written).has_value(), "an owner cannot read what the head accepts");
      return written;
    });
}

void check_owner(std::string_view bytes) {
  fuzz::check_round_trip<wire::OwnerHello>(
    bytes, [](const wire::OwnerHello& m) { return from_wire(m); },
    [](const head_wire::owner_hello& hello) {
      return make_owner_hello(hello.owner, hello.name, hello.version, hello.quota);
    });
}

void check_failure(std::string_view bytes) {
  fuzz::check_round_trip<wire::Failure>(bytes, fuzz::never_refused([](const wire::Failure& m) { return from_wire(m); }),
                                        [](const error& why) { return head_wire::to_wire(why); });
}

constexpr void (*checks[])(std::string_view) = {check_hello,  check_demand, check_group,
                                                check_record, check_owner,  check_failure};

void run(std::string_view input) {
  fuzz::parts parts(input);
  checks[parts.byte() % std::size(checks)](parts.rest());
}

fuzz::inputs seeds() {
  node_hello hello;
  hello.node = {node_id{7},
                incarnation{9},
                "node-1",
                "10.0.0.1",
                6390,
                cpus(8) + gpus(2) + memory_bytes(1 << 30),
                {{"zone", "a"}, {"disk", "ssd"}}};
  hello.version = "0.1.0";
  hello.cluster = "0123456789abcdef";
  hello.leases.push_back({lease_id{3}, owner_id{4}, gpus(0.5), {{1, amount::from_units(5000)}}, /*bundle=*/true});
  hello.draining = true;

  demand wants;
  wants.resources = cpus(0.5);
  wants.resources.set("fpga", amount::whole(2));
  wants.placement = {placement_kind::node, "node-1", /*soft=*/true};
  wants.required_labels = {{"disk", "ssd"}};
  wants.preferred_labels = {{"zone", "a"}};
  wants.priority = -3;
  wants.waits_for_nodes = true;
  wants.avoided_node = "node-2";

  group_demand group;
  group.bundles = {cpus(1), cpus(0.5)};
  group.strategy = group_strategy::strict_spread;
  group.required_labels = {{"disk", "ssd"}};

  actor_record record;
  record.id = actor_id{5};
  record.name = "hits";
  record.type_name = "counter";
  record.owner = owner_id{4};
  record.state = actor_state::dead;
  record.node_name = "node-1";
  record.host = "10.0.0.1";
  record.port = 6390;
  record.work = {lease_id{3}, 1};
  record.restarts = 2;
  record.why_dead = {errc::worker_lost, "signal 11"};
  record.resources = cpus(0.5);
  record.process_id = 4711;

  return {
    fuzz::of_kind(0, node_wire::to_wire(hello).SerializeAsString()),
    fuzz::of_kind(1, to_wire(wants).SerializeAsString()),
    fuzz::of_kind(2, to_wire(group, {{1, lease_id{3}}}).SerializeAsString()),
    fuzz::of_kind(3, head_wire::to_wire(record).SerializeAsString()),
    fuzz::of_kind(4, make_owner_hello(owner_id{4}, "digits (4711)", "0.1.0", cpus(16)).SerializeAsString()),
    fuzz::of_kind(5, head_wire::to_wire(error{errc::node_lost, "node \"a\" is gone"}).SerializeAsString()),
  };
}

const fuzz::target head_wire_target("runtime/head/head_wire", run, seeds);

} // namespace
