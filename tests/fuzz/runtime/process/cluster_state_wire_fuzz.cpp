#include "tests/fuzz/wire_round_trip.hpp"

#include "runtime/owner/owner_wire.hpp"
#include "runtime/process/cluster_state_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"
#include "tools/caf_tune/cluster_report.hpp"

#include <caf/make_message.hpp>
#include <nlohmann/json.hpp>

/// What the head answers when it is asked about the cluster, and how it is shown: the first byte chooses the kind, the
/// rest is the message.

namespace {

using namespace runtime;

void check_state(std::string_view bytes) {
  const auto message = fuzz::parse<wire::ClusterState>(bytes);
  if (!message)
    return;
  const auto state = cluster_state_in(caf::make_message(*message), owner_id{1});
  if (!state)
    return fuzz::check_error(state.error());
  fuzz::require(state->nodes.size() == static_cast<std::size_t>(message->nodes_size()), "nodes got lost");
  fuzz::require(state->actors.size() == static_cast<std::size_t>(message->actors_size()), "actors got lost");
  for (const auto text : {tools::status_text, tools::nodes_text, tools::actors_text, tools::leases_text})
    fuzz::require(!text(*state).empty(), "nothing is shown");
  for (const auto json : {tools::status_json, tools::nodes_json, tools::actors_json, tools::leases_json})
    fuzz::require(!json(*state).dump().empty(), "nothing is shown");
}

void check_record(std::string_view bytes) {
  const auto message = fuzz::parse<wire::ActorRecord>(bytes);
  if (!message)
    return;
  if (const auto record = actor_record_in(caf::make_message(*message)); !record)
    fuzz::check_error(record.error());
  else
    fuzz::require(actor_record_in(caf::make_message(make_actor_record(*record))).has_value(),
                  "a record cannot be read again");
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  (parts.byte() % 2 == 0 ? check_state : check_record)(parts.rest());
}

wire::ClusterState busy_cluster() {
  wire::ClusterState state;
  state.set_head("10.0.0.1:6390");
  state.set_version("0.1.0");
  auto& node = *state.add_nodes();
  node.set_node_id(7);
  node.set_name("node-1");
  node.set_address("10.0.0.2:4711");
  node.set_state("alive");
  for (auto* amounts : {node.mutable_total(), node.mutable_used()}) {
    auto& cpu = *amounts->Add();
    cpu.set_name("cpu");
    cpu.set_units(80'000);
  }
  (*node.mutable_labels())["zone"] = "a";
  auto& lease = *state.add_leases();
  lease.set_lease_id(3);
  lease.set_owner("digits");
  lease.set_node_name("node-1");
  lease.set_state("held");
  *lease.add_resources() = node.used(0);
  auto& waiting = *state.add_queue();
  waiting.set_owner("digits");
  *waiting.add_wants() = node.used(0);
  waiting.set_why("waits for cpu=8");
  waiting.set_waited_ms(1500);
  auto& together = *state.add_waiting();
  together.set_owner("digits");
  *together.add_wants() = node.used(0);
  together.set_why("waits for cpu=8");
  together.set_count(1);
  together.set_waited_ms(1500);
  auto& actor = *state.add_actors();
  actor.set_actor_id(5);
  actor.set_name("hits");
  actor.set_type_name("counter");
  actor.set_state(wire::ActorRecord::ALIVE);
  *actor.add_resources() = node.used(0);
  state.set_lease_count(1);
  state.set_queue_count(1);
  state.set_waiting_count(1);
  state.set_actor_count(1);
  state.set_living_actor_count(1);
  return state;
}

fuzz::inputs seeds() {
  const auto state = busy_cluster();
  return {fuzz::of_kind(0, state.SerializeAsString()), fuzz::of_kind(1, state.actors(0).SerializeAsString())};
}

const fuzz::target cluster_state_wire_target("runtime/process/cluster_state_wire", run, seeds);

} // namespace
