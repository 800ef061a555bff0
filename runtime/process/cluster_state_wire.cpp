#include "runtime/process/cluster_state_wire.hpp"

#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <utility>

#include <caf/message.hpp>

namespace runtime {
namespace {

template <class Amounts>
resource_set resources_of(const Amounts& amounts, std::vector<std::string>& mistakes) {
  std::vector<std::pair<std::string, std::int64_t>> entries;
  for (const auto& each : amounts)
    entries.emplace_back(each.name(), each.units());
  auto read = resource_set::from_outside(entries);
  if (!read)
    mistakes.push_back(read.error().message);
  return read ? std::move(*read) : resource_set{};
}

cluster_state::node node_of(const wire::NodeState& told, std::vector<std::string>& mistakes) {
  return {node_id{told.node_id()},
          told.name(),
          told.address(),
          told.state(),
          resources_of(told.total(), mistakes),
          resources_of(told.used(), mistakes),
          {told.labels().begin(), told.labels().end()}};
}

} // namespace

result<cluster_state> cluster_state_in(const caf::message& answer, owner_id asked_by) {
  if (!answer.match_elements<wire::ClusterState>())
    return fail(errc::incompatible, "the head answered with something else than the cluster's state");
  const auto& told = answer.get_as<wire::ClusterState>(0);
  std::vector<std::string> mistakes;
  cluster_state state;
  state.head = told.head();
  state.version = told.version();
  for (const auto& node : told.nodes())
    state.nodes.push_back(node_of(node, mistakes));
  const auto is_own = [&](const auto& of) { return of.owner_id() != 0 && of.owner_id() == asked_by.value; };
  for (const auto& lease : told.leases())
    state.leases.push_back({lease_id{lease.lease_id()}, lease.owner(), lease.node_name(),
                            resources_of(lease.resources(), mistakes), lease.state(), is_own(lease)});
  const auto waiting_of = [&](const auto& waiting) {
    return cluster_state::waiting{waiting.owner(), resources_of(waiting.wants(), mistakes), waiting.why(),
                                  std::chrono::milliseconds(waiting.waited_ms()), is_own(waiting)};
  };
  for (const auto& waiting : told.queue())
    state.queue.push_back(waiting_of(waiting));
  for (const auto& waiting : told.waiting())
    state.queue_together.push_back({waiting_of(waiting), waiting.count()});
  state.lease_count = told.lease_count();
  state.queue_count = told.queue_count();
  state.queue_together_count = told.waiting_count();
  state.actor_count = told.actor_count();
  state.living_actor_count = told.living_actor_count();
  for (const auto& actor : told.actors()) {
    auto record = read_actor_record(actor);
    if (record)
      state.actors.push_back(std::move(*record));
    else
      mistakes.push_back(record.error().message);
  }
  if (!mistakes.empty())
    return fail(errc::incompatible, "the head's answer cannot be read: " + mistakes.front());
  return state;
}

result<actor_record> actor_record_in(const caf::message& answer) {
  if (!answer.match_elements<wire::ActorRecord>())
    return fail(errc::incompatible, "the head answered with something else than an actor's record");
  return read_actor_record(answer.get_as<wire::ActorRecord>(0));
}

} // namespace runtime
