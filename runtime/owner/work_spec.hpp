#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"

namespace runtime {

struct package_manifest;

using task_id = id<struct task_tag>; ///< Numbered by the embedder, once in an owner's life.

enum class work_kind { task, actor };

/// What an owner wants to have run. Many works may share one; the arguments are not part of it.
struct work_spec {
  work_kind kind = work_kind::task;
  std::string type_name; ///< As the program registers it.
  demand wants;          ///< In a bundle: of its lease; nothing there is all of it.
  std::map<std::string, std::string> environment;
  std::string name; ///< Actors only; empty: none. Reserved before anything is asked for.
  /// Tasks: retries after losses by the system. Actors: restarts after any end but a good one. -1: without limit.
  int max_restarts = 0;
  group_id group; ///< Runs under the lease of this bundle instead of one of its own.
  std::uint32_t bundle = 0;
  std::shared_ptr<const package_manifest> package; ///< Null: the owner's own.
};

inline constexpr int default_task_retries = 3;

/// How one run ended, as the node manager tells it.
struct work_end {
  enum class how {
    finished,    ///< A task returned, an actor quit in good order.
    user_error,  ///< User code threw, or an actor quit with an error.
    worker_lost, ///< The process ended under the work.
    stopped,     ///< Somebody asked for it.
    not_started, ///< Refused.
  };
  how cause = how::worker_lost;
  std::string result;                  ///< Of a finished task.
  error why;                           ///< All but finished.
  std::uint64_t peak_memory_bytes = 0; ///< 0: unknown.
};

struct task_result {
  std::string bytes; ///< Only the program understands them.
  std::uint32_t attempts = 1;
  std::string node_name;
  std::uint64_t peak_memory_bytes = 0; ///< Of the worker, in the last attempt; 0: unknown.
};

} // namespace runtime
