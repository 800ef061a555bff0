#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/node/lease_room.hpp"

namespace runtime {

/// Where a work runs.
struct work_place {
  std::string node;
  std::string directory; ///< Empty: none.
};

/// What a work's worker finds in its environment, beside what it inherits:
///
///   CAF_TUNE_WORKER=1             tells a program that it is one
///   CUDA_VISIBLE_DEVICES          the devices of its share; empty if it has none; not set on a node without devices
///   CAF_TUNE_MEMORY_BYTES         the memory that it declared, if it did
///   CAF_TUNE_NODE_NAME            its node
///   CAF_TUNE_NODE_DIRECTORY       a directory there of its owner's workers alone, absolute; not made yet. Outlives
///                                 them; the node removes it when it starts anew. Not set on a node without a state
///                                 directory
///   and what the owner adds, except these names and those that is_secret()
std::map<std::string, std::string> work_environment(std::map<std::string, std::string> extra,
                                                    const lease_room::share& share, bool node_has_gpus,
                                                    const std::vector<std::string>& gpu_names, work_place place);

/// What work_environment() says of memory; 0: nothing.
std::uint64_t declared_memory(const std::map<std::string, std::string>& environment);

/// Names of what never enters a worker: where the token is, or the token itself. User code runs there (I7).
bool is_secret(const std::string& name);

} // namespace runtime
