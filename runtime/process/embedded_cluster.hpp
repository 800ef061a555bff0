#pragma once

#include "runtime/base/result.hpp"
#include "runtime/process/cluster_access.hpp"

#include <memory>

namespace runtime {

struct cluster_options;

/// A cluster of this machine within this process: head, one node, and workers as child processes. It has no network,
/// and nothing of it remains when it goes.
[[nodiscard]] result<std::unique_ptr<cluster_access>> start_embedded_cluster(const cluster_options& options);

} // namespace runtime
