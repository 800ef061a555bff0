#pragma once

#include "runtime/node/posix_descriptor.hpp"

#include <chrono>

namespace runtime {

/// That something has changed, told by any thread to one that waits for it. Many at once count as one.
class posix_event {
public:
  posix_event();

  void raise() const noexcept; ///< Any thread. Does not block.
  void clear() noexcept;       ///< What was raised before does not end a wait() any more.

  enum class cause { raised, process_ended, too_late };
  /// Waits until it is raised, the process ends (a pidfd; -1: none), or the time comes.
  [[nodiscard]] cause wait_until(std::chrono::steady_clock::time_point deadline, int process = -1) const;

private:
  posix_descriptor counter_; // An eventfd.
};

} // namespace runtime
