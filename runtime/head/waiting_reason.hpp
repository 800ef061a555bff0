#pragma once

#include <optional>
#include <string>

#include "runtime/base/result.hpp"
#include "runtime/head/placement.hpp"
#include "runtime/head/wanted.hpp"

namespace runtime {

/// Nothing if some node could hold it when nothing else runs there, or why not, and by how much the best one misses:
/// "gpu=1 fits on no node: the best, "node-2", has gpu=0; start one with a GPU, or set wait_for_nodes".
std::optional<error> why_infeasible(const wanted& what, const placement& nodes);

/// What a feasible demand waits for, and the node that misses least: "waits for cpu=4: node-1 has cpu=1 free of cpu=8".
/// An infeasible one waits for a node that could hold it.
std::string why_waits(const wanted& what, const placement& nodes, const claimant& who);

} // namespace runtime
