#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/work_key.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

enum class actor_state {
  pending, ///< Waits for resources.
  starting,
  alive,
  restarting,
  dead, ///< For ever.
};

const char* to_string(actor_state state) noexcept;

/// What an owner tells of one of its actors, and what whoever looks it up needs to call it.
struct actor_record {
  actor_id id;
  std::string name; ///< Empty: none.
  std::string type_name;
  owner_id owner;
  actor_state state = actor_state::pending;
  std::string node_name;
  std::string host; ///< Of the node manager that hosts it.
  std::uint16_t port = 0;
  work_key work;
  std::uint32_t restarts = 0;
  error why_dead; ///< When it is dead.
  resource_set resources;
  std::uint32_t process_id = 0;
};

} // namespace runtime
