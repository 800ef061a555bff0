#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "runtime/cluster_state.hpp"
#include "runtime/resources/resource_set.hpp"
#include "tune/scheduler/resource_room.hpp"
#include "tune/value.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// A trial's resources, as the runtime knows them. An error names the one that is no amount.
[[nodiscard]] result<runtime::resource_set> demand_of(const std::map<std::string, value>& resources);

/// How many trials the cluster's nodes can run at once, by what they have in all. Trials that want nothing countable:
/// as many as there are cpus.
[[nodiscard]] std::size_t trials_held(const runtime::cluster_state& state, const runtime::resource_set& each);

/// What a trial of this size wants; what is too much for any node becomes an amount that fits nowhere.
[[nodiscard]] runtime::resource_set times(const runtime::resource_set& each, trial_size size);

/// What the cluster's nodes have for the trials of a driver's experiment, but for what other drivers hold: where more
/// is leased than the state lists, so that it is not known whose it is, one place each. Empty where trials want
/// nothing.
[[nodiscard]] cluster_room room_in(const runtime::cluster_state& state, const runtime::resource_set& each);

} // namespace tune
