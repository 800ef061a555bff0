#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/head/demand.hpp"
#include "runtime/head/placement.hpp"

namespace runtime {

/// Where each of a group's bundles goes, all at once: the plan holds as long as nothing else is taken.
///
/// pack fills the node that holds most of what is left, again and again; spread gives each bundle the node that has
/// fewest of the group; strict_pack wants one node for all; strict_spread finds a node of its own for each whenever
/// there is such an assignment. `wants` may be a part of a group: `kept` are the nodes of the bundles that stay, which
/// the strict rules and spread avoid or stick to as the whole group would.
std::optional<std::vector<node_id>> plan_group(const group_demand& wants, const std::vector<node_id>& kept,
                                               const placement& nodes, const claimant& who);

/// The same if nothing were held: on what the group should wait. Open and unreserved nodes only.
std::optional<std::vector<node_id>> plan_group_on_empty_nodes(const group_demand& wants,
                                                              const std::vector<node_id>& kept, const placement& nodes);

/// Nothing if the nodes could ever hold the group, or why not: "strict_spread wants 3 nodes but only 2 could hold ...".
/// For pack and spread it asks what is necessary, not whether there is a plan: that is a bin packing.
std::optional<std::string> why_group_never_fits(const group_demand& wants, const placement& nodes);

const char* to_string(group_strategy strategy) noexcept;

} // namespace runtime
