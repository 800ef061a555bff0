#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "runtime/head/demand.hpp"

namespace runtime {

/// What may wait in the queue.
using wanted = std::variant<demand, group_demand>;

resource_set sum_of(const wanted& what); ///< Of all bundles; capped, so that a huge one fits nowhere.
std::int32_t priority_of(const wanted& what) noexcept;
bool waits_for_nodes(const wanted& what) noexcept;
std::size_t hash_of(const wanted& what) noexcept; ///< Equal ones have equal hashes.

/// One bundle as an ordinary demand, for what it asks of a node.
demand demand_of_bundle(const group_demand& group, std::size_t bundle);

} // namespace runtime
