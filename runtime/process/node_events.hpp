#pragma once

#include "runtime/base/result.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace runtime {

enum class node_event { welcomed, refused, left, signal };

/// What a node program's main thread waits for: its node manager, and SIGTERM or SIGINT.
class node_events {
public:
  /// From now on the two signals are taken by a node_events instead of ending the process. Before the first thread.
  static void take_signals();

  node_events(); ///< Begins to wait for signals; one for each process.

  void put(node_event what); ///< Any thread.
  void put_refused(error why);
  node_event take(); ///< Waits.
  error why_refused();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<node_event> events_;
  error why_refused_;
};

} // namespace runtime
