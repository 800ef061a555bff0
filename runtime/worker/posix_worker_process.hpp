#pragma once

#include "runtime/program_registry.hpp"

namespace runtime {

/// Whether this process was started as a worker by a node manager.
[[nodiscard]] bool is_worker_process();

/// A worker's whole life: says that it is ready, runs tasks on the calling thread and hosts actors, one work at a time,
/// until its node manager sends it home or ends. Never returns.
[[noreturn]] void run_worker_process(const program_registry& program);

} // namespace runtime
