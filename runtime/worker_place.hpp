#pragma once

#include <optional>
#include <string>

namespace runtime {

/// Where a worker runs.
struct worker_place {
  std::string node; ///< The node's name.
  /// An absolute path on that node, for files that its driver's workers leave there for later ones; perhaps not made
  /// yet. It outlives workers; the node removes it when it starts anew.
  std::string directory;
};

/// Nothing: this process is no worker.
[[nodiscard]] std::optional<worker_place> this_worker_place();

} // namespace runtime
