#pragma once

#include <cstdint>

namespace runtime {

/// A number from the operating system's entropy: for ids that must differ between machines and starts.
[[nodiscard]] std::uint64_t random_number();

} // namespace runtime
