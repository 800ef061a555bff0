#pragma once

#include "tune/store/store_disk.hpp"

namespace tune {

/// That of this machine. Any thread.
[[nodiscard]] store_disk& posix_store_disk();

} // namespace tune
