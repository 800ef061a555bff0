#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "runtime/cluster_state.hpp"
#include "runtime/resources/resource_set.hpp"
#include "tune/value.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// A trial's resources, as the runtime knows them. An error names the one that is no amount.
[[nodiscard]] result<runtime::resource_set> demand_of(const std::map<std::string, value>& resources);

/// How many trials the cluster's nodes can run at once, by what they have in all. Trials that want nothing countable:
/// as many as there are cpus.
[[nodiscard]] std::size_t trials_held(const runtime::cluster_state& state, const runtime::resource_set& each);

} // namespace tune
