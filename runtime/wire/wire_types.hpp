#pragma once

#include <caf/fwd.hpp>

namespace runtime {

/// Makes every message of runtime.proto known to CAF, under its protobuf name.
void add_wire_types(caf::actor_system_config& config);

} // namespace runtime
