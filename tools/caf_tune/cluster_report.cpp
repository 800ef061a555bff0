#include "tools/caf_tune/cluster_report.hpp"

#include "tune/results/text_table.hpp"

#include <nlohmann/json.hpp>

namespace tools {
namespace {

using nlohmann::ordered_json;
using runtime::amount;
using runtime::resource_set;

/// {"cpu": 2, "gpu": 0.5}; whole amounts without a point. Memory is in bytes.
ordered_json json_of(const resource_set& resources) {
  auto all = ordered_json::object();
  for (const auto [name, value] : resources)
    if (value.is_whole())
      all[std::string(name)] = value.units() / amount::steps_in_one;
    else
      all[std::string(name)] = value.to_double();
  return all;
}

std::string text_of(std::string_view name, amount value) {
  return name == "memory" ? memory_to_string(value) : value.to_string();
}

/// "cpu=1/2 memory=0/16GiB": used of what there is.
std::string used_of(const runtime::cluster_state::node& node) {
  std::string all;
  for (const auto [name, total] : node.total)
    all +=
      fmt::format("{}{}={}/{}", all.empty() ? "" : " ", name, text_of(name, node.used.get(name)), text_of(name, total));
  return all;
}

std::string text_of(const runtime::label_map& labels) {
  std::string all;
  for (const auto& [name, value] : labels)
    all += fmt::format("{}{}={}", all.empty() ? "" : " ", name, value);
  return all;
}

/// The head is told an owner's number with its actors; what is detached belongs to the cluster.
std::string owner_of(const runtime::actor_record& actor) {
  return actor.owner == runtime::detached_owner ? "detached" : fmt::format("{:016x}", actor.owner.value);
}

std::string number_of(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

} // namespace

ordered_json status_json(const runtime::cluster_state& state) {
  auto queue = ordered_json::array();
  for (const auto& each : state.queue)
    queue.push_back(
      {{"owner", each.owner}, {"wants", json_of(each.wants)}, {"why", each.why}, {"waited_ms", each.waited.count()}});
  return {{"head", state.head}, {"version", state.version}, {"nodes", nodes_json(state)}, {"queue", std::move(queue)}};
}

ordered_json nodes_json(const runtime::cluster_state& state) {
  auto nodes = ordered_json::array();
  for (const auto& each : state.nodes) {
    auto labels = ordered_json::object();
    for (const auto& [name, value] : each.labels)
      labels[name] = value;
    nodes.push_back({{"name", each.name},
                     {"address", each.address},
                     {"state", each.state},
                     {"total", json_of(each.total)},
                     {"used", json_of(each.used)},
                     {"labels", std::move(labels)}});
  }
  return nodes;
}

ordered_json actors_json(const runtime::cluster_state& state) {
  auto actors = ordered_json::array();
  for (const auto& each : state.actors)
    actors.push_back({{"name", each.name},
                      {"type", each.type_name},
                      {"state", to_string(each.state)},
                      {"node", each.node_name},
                      {"owner", owner_of(each)},
                      {"restarts", each.restarts},
                      {"process_id", each.process_id},
                      {"resources", json_of(each.resources)},
                      {"why", each.why_dead.message}});
  return actors;
}

ordered_json leases_json(const runtime::cluster_state& state) {
  auto leases = ordered_json::array();
  for (const auto& each : state.leases)
    leases.push_back({{"lease", each.id.value},
                      {"owner", each.owner},
                      {"node", each.node},
                      {"resources", json_of(each.resources)},
                      {"state", each.state}});
  return leases;
}

std::string status_text(const runtime::cluster_state& state) {
  auto text = fmt::format("cluster at {}, caf-tune {}: {}, {}, {}, {} waiting\n\n{}", state.head, state.version,
                          number_of(state.nodes.size(), "node"), number_of(state.leases.size(), "lease"),
                          number_of(state.actors.size(), "actor"), state.queue.size(), nodes_text(state));
  if (state.queue.empty())
    return text;
  tune::text_table queue({"OWNER", "WANTS", "WAITED", "WHY"});
  for (const auto& each : state.queue)
    queue.add({each.owner, each.wants.to_string(), fmt::format("{} s", each.waited.count() / 1000), each.why});
  return text + '\n' + queue.to_string();
}

std::string nodes_text(const runtime::cluster_state& state) {
  tune::text_table nodes({"NODE", "ADDRESS", "STATE", "USED/TOTAL", "LABELS"});
  for (const auto& each : state.nodes)
    nodes.add({each.name, each.address, each.state, used_of(each), text_of(each.labels)});
  return nodes.to_string();
}

std::string actors_text(const runtime::cluster_state& state) {
  tune::text_table actors({"ACTOR", "TYPE", "STATE", "NODE", "OWNER", "RESTARTS", "PROCESS", "RESOURCES", "WHY"});
  for (const auto& each : state.actors)
    actors.add({each.name, each.type_name, to_string(each.state), each.node_name, owner_of(each),
                std::to_string(each.restarts), each.process_id == 0 ? "" : std::to_string(each.process_id),
                each.resources.to_string(), each.why_dead.message});
  return actors.to_string();
}

std::string leases_text(const runtime::cluster_state& state) {
  tune::text_table leases({"LEASE", "OWNER", "NODE", "RESOURCES", "STATE"});
  for (const auto& each : state.leases)
    leases.add({std::to_string(each.id.value), each.owner, each.node, each.resources.to_string(), each.state});
  return leases.to_string();
}

} // namespace tools
