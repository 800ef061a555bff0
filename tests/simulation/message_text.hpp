#pragma once

#include <string>

#include <caf/fwd.hpp>

namespace sim {

/// What passes between machines, in a line for people: "GrantLease 1.17".
std::string text_of(const caf::actor_system& system, const caf::message& content);

} // namespace sim
