#pragma once

#include "runtime/base/result.hpp"
#include "runtime/process/cluster_access.hpp"

#include <memory>

namespace runtime {

struct cluster_options;

/// The way to the cluster at options.address. Nothing is dialled yet; errors are those of the token's file.
[[nodiscard]] result<std::unique_ptr<cluster_access>> reach_cluster(const cluster_options& options);

} // namespace runtime
