#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/package/package_sources.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

/// What an owner wants to run under a lease of his.
struct work_order {
  work_kind kind = work_kind::task;
  std::string type_name;                          ///< As the program registered it.
  std::string arguments;                          ///< Only the two ends understand them.
  resource_set resources;                         ///< Within the lease; empty: all of it.
  actor_id actor;                                 ///< For work_kind::actor only.
  std::map<std::string, std::string> environment; ///< Beside what every worker gets.
  std::vector<package_holder> package_holders;    ///< Nodes that have its package.
};

} // namespace runtime
