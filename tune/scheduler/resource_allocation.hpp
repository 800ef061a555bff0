#pragma once

#include "tune/scheduler/resource_room.hpp"

namespace tune {

/// How an experiment's places are divided among its trials. As Ray Tune's DistributeResources and
/// DistributeResourcesToTopJob, but in multiples of what a trial declares, and only as it fits on the nodes.

/// The largest size, at most `most` (0: any), that all trials can have at once, also those to come; at least 1. All
/// have the same, so some places may be left.
///
/// Where nobody has more than that, each trial that asks for it can have it, whatever node the others are on: each of
/// the others takes away no more than one of the pieces that it needs.
[[nodiscard]] trial_size even_size(const resource_room& room, trial_size most);

/// The largest size that this trial can have while all others, also those to come, have one place each, where they are.
[[nodiscard]] trial_size size_beside_others(const resource_room& room, trial_id trial, trial_size most);

} // namespace tune
