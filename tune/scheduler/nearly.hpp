#pragma once

namespace tune {

/// What floating point may add to or take from a count or a share that schedulers round: 0.1 * 30 is
/// 3.0000000000000004, 3^4 may be 80.99999999999999, and log(81) / log(3) 3.9999999999999996.
inline constexpr double nearly = 1e-9;

} // namespace tune
