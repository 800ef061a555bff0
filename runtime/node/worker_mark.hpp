#pragma once

#include <string>
#include <string_view>

#include "runtime/base/id.hpp"

namespace runtime {

/// What a worker's descendants are known by, whatever became of their parents, groups and sessions: an entry in the
/// environment that they inherit. Only a process that clears its environment loses it.
///
/// The value is a list, "mark:mark": a worker that runs a node manager of its own passes its mark on.
inline constexpr char worker_mark_name[] = "CAF_TUNE_WORKER_MARK";

[[nodiscard]] std::string mark_of_node(node_id node); ///< What the marks of all its workers begin with.
[[nodiscard]] std::string mark_of_node(node_id node, incarnation start);
[[nodiscard]] std::string mark_of_worker(const std::string& node_mark, worker_id worker);

/// The list with one more.
[[nodiscard]] std::string add_mark(std::string_view list, std::string_view mark);
[[nodiscard]] bool has_mark(std::string_view list, std::string_view mark);
[[nodiscard]] bool has_mark_of_node(std::string_view list, std::string_view node_mark);

} // namespace runtime
