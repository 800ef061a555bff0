#pragma once

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/cluster_state.hpp"

#include <caf/fwd.hpp>

namespace runtime {

// What the head answers to AskCluster, FindActor, SpawnDetached and StopActor; everything is checked.

/// `asked_by`: whose leases and demands are its own.
[[nodiscard]] result<cluster_state> cluster_state_in(const caf::message& answer, owner_id asked_by);
[[nodiscard]] result<actor_record> actor_record_in(const caf::message& answer);

} // namespace runtime
