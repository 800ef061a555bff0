#pragma once

#include <cstddef>
#include <string>
#include <sys/types.h>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

/// Notes a running worker in a directory (made if there is none), so that a restarted node manager can find what is
/// left of it: a parent-death signal reaches the worker, but not the worker's children. Before it is given anything to
/// do: what it starts earlier, in a global constructor say, is not found if the node manager dies in that moment.
[[nodiscard]] result<void> record_worker(const std::string& directory, worker_id worker, pid_t pid);
void forget_worker(const std::string& directory, worker_id worker); ///< Its process group is gone.

/// Kills each process group that is recorded there and still runs, and empties the directory. A number that was given
/// to somebody else meanwhile is left alone: the record has the process's start time, its session and the machine's
/// boot. Returns how many groups were killed. Call it before the first worker is started.
[[nodiscard]] result<std::size_t> sweep_workers(const std::string& directory);

/// Kills each process that has a mark of the node's workers, see worker_mark.hpp: their descendants that left their
/// groups. Returns how many there were. Call it before the first worker is started, with the node's state locked, or
/// when the node has ended.
std::size_t sweep_marked(const std::string& node_mark);

} // namespace runtime
