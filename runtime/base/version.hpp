#pragma once

namespace runtime {

/// This release of caf-tune; CMake reads it from here. Head, nodes and drivers of one cluster are of the same.
inline constexpr char version[] = "0.1.0";

} // namespace runtime
