#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "runtime/node/worker_descendants.hpp"

namespace runtime {

[[nodiscard]] std::optional<process_facts> look_at(pid_t pid); ///< Without its marks; nothing: it is not there.
[[nodiscard]] std::vector<process_facts> all_processes();      ///< Of this machine or container; without their marks.

/// Sets is_looked_at; marks from the environment that the process was started with, and is_starting while there is none
/// yet. Those two stay as they are for a process of another user.
void look_for_marks(process_facts& process);

/// What a process alone is charged for: memory that several share is divided among them. 0: it is gone, or not ours.
[[nodiscard]] std::uint64_t share_of_memory(pid_t pid);

/// SIGKILL to this very process, and not to a later one of its number. False: it is gone, or belongs to another user.
bool kill_exactly(const process_facts& process);

} // namespace runtime
