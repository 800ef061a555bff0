#pragma once

namespace runtime {

/// Stands in for the real one in a caf-tune-node that only tests start: a release that is not this one.
inline constexpr char version[] = "9.9.9";

} // namespace runtime
