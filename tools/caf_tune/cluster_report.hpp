#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "runtime/cluster_state.hpp"
#include "runtime/net/cluster_tokens.hpp"

/// What the commands of caf-tune print of a cluster: for programs (fields may be added, never renamed), and for people.
namespace tools {

nlohmann::ordered_json status_json(const runtime::cluster_state& state);
nlohmann::ordered_json nodes_json(const runtime::cluster_state& state);
nlohmann::ordered_json actors_json(const runtime::cluster_state& state);
nlohmann::ordered_json leases_json(const runtime::cluster_state& state);
nlohmann::ordered_json tokens_json(const runtime::cluster_tokens& tokens);

std::string status_text(const runtime::cluster_state& state);
std::string nodes_text(const runtime::cluster_state& state);
std::string actors_text(const runtime::cluster_state& state);
std::string leases_text(const runtime::cluster_state& state);
std::string tokens_text(const runtime::cluster_tokens& tokens);

} // namespace tools
