#pragma once

#include <chrono>

namespace runtime {

/// The clock of the cores. It cannot be asked: a core is told the time, so that a whole cluster can run in virtual
/// time.
struct core_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<core_clock>;
  static constexpr bool is_steady = true;
};

using instant = core_clock::time_point;

} // namespace runtime
