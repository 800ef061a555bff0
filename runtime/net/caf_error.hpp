#pragma once

#include "runtime/base/result.hpp"

#include <caf/fwd.hpp>

namespace runtime {

/// Our errors as CAF carries them, and back. What CAF itself says becomes errc::unreachable.
caf::error to_caf_error(const error& why);
error from_caf_error(const caf::error& why);

} // namespace runtime
