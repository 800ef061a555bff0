#pragma once

#include "runtime/base/result.hpp"
#include "runtime/cluster_state.hpp"

#include <caf/fwd.hpp>

namespace runtime {

/// What the head answers to AskCluster, FindActor, SpawnDetached and StopActor; everything is checked.
[[nodiscard]] result<cluster_state> cluster_state_in(const caf::message& answer);
[[nodiscard]] result<actor_record> actor_record_in(const caf::message& answer);

} // namespace runtime
