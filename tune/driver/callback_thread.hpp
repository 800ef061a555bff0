#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tune/callback/callback_event.hpp"
#include "tune/callbacks.hpp"

namespace tune {

/// Tells callbacks what happens, in a thread of its own: a slow one holds up nothing else, and one that never returns
/// only itself.
class callback_thread {
public:
  /// `on_trouble`: what goes wrong, for people; on any thread, until finish() returns.
  callback_thread(std::vector<std::shared_ptr<callback>> callbacks, callback_limits limits,
                  std::function<void(const std::string&)> on_trouble);
  ~callback_thread(); ///< As finish().
  callback_thread(const callback_thread&) = delete;
  callback_thread& operator=(const callback_thread&) = delete;

  void add(callback_event what); ///< Does not block.
  /// Waits until all was told, or the deadline is over; says what was not. Nothing may be added afterwards.
  void finish();

private:
  struct shared;
  std::shared_ptr<shared> shared_; ///< Outlives this, where a callback never returns.
};

} // namespace tune
