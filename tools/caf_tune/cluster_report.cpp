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

std::string with_commas(std::uint64_t count) {
  auto digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string number_of(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", with_commas(count), what, count == 1 ? "" : "s");
}

/// Below a table of the oldest rows.
std::string and_more(std::size_t shown, std::uint64_t count) {
  return count > shown ? fmt::format("and {} more\n", with_commas(count - shown)) : "";
}

} // namespace

ordered_json status_json(const runtime::cluster_state& state) {
  auto queue = ordered_json::array();
  for (const auto& each : state.queue)
    queue.push_back(
      {{"owner", each.owner}, {"wants", json_of(each.wants)}, {"why", each.why}, {"waited_ms", each.waited.count()}});
  auto together = ordered_json::array();
  for (const auto& each : state.queue_together)
    together.push_back({{"owner", each.oldest.owner},
                        {"wants", json_of(each.oldest.wants)},
                        {"why", each.oldest.why},
                        {"count", each.count},
                        {"waited_ms", each.oldest.waited.count()}});
  return {{"head", state.head},        {"version", state.version},         {"nodes", nodes_json(state)},
          {"queue", std::move(queue)}, {"queue_count", state.queue_count}, {"queue_together", std::move(together)}};
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
  auto text =
    fmt::format("cluster at {}, caf-tune {}: {}, {}, {}, {} waiting\n\n{}", state.head, state.version,
                number_of(state.nodes.size(), "node"), number_of(state.lease_count, "lease"),
                number_of(state.living_actor_count, "actor"), with_commas(state.queue_count), nodes_text(state));
  if (state.queue_together.empty())
    return text;
  tune::text_table queue({"OWNER", "WANTS", "COUNT", "WAITED", "WHY"});
  for (const auto& [oldest, count] : state.queue_together)
    queue.add({oldest.owner, oldest.wants.to_string(), with_commas(count),
               fmt::format("{} s", oldest.waited.count() / 1000), oldest.why});
  return text + '\n' + queue.to_string() + and_more(state.queue_together.size(), state.queue_together_count);
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
  return actors.to_string() + and_more(state.actors.size(), state.actor_count);
}

std::string leases_text(const runtime::cluster_state& state) {
  tune::text_table leases({"LEASE", "OWNER", "NODE", "RESOURCES", "STATE"});
  for (const auto& each : state.leases)
    leases.add({std::to_string(each.id.value), each.owner, each.node, each.resources.to_string(), each.state});
  return leases.to_string() + and_more(state.leases.size(), state.lease_count);
}

ordered_json tokens_json(const runtime::cluster_tokens& tokens) {
  auto behind = ordered_json::array();
  for (const auto& each : tokens.behind)
    behind.push_back({{"name", each.name}, {"why", each.why}});
  return {{"cluster", tokens.cluster},       {"generation", tokens.generation},     {"good", tokens.good},
          {"peer_count", tokens.peer_count}, {"behind_count", tokens.behind_count}, {"behind", std::move(behind)}};
}

std::string tokens_text(const runtime::cluster_tokens& tokens) {
  std::string all = fmt::format("cluster {}\n", tokens.cluster);
  for (std::size_t i = 0; i < tokens.good.size(); ++i)
    all += fmt::format("token   {}{}\n", tokens.good[i], i == 0 ? "" : "  (older)");
  all += fmt::format("{} of the {} nodes and drivers that are linked know the newest\n",
                     tokens.peer_count - tokens.behind_count, tokens.peer_count);
  if (tokens.behind.empty())
    return all;
  tune::text_table table({"BEHIND", "WHY"});
  for (const auto& each : tokens.behind)
    table.add({each.name, each.why});
  all += '\n' + table.to_string();
  if (tokens.behind_count > tokens.behind.size())
    all += fmt::format("and {} more\n", with_commas(tokens.behind_count - tokens.behind.size()));
  return all;
}

} // namespace tools
