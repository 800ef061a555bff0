#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

struct start_trouble_options {
  std::chrono::nanoseconds first_pause = std::chrono::seconds(1);
  std::chrono::nanoseconds most_pause = std::chrono::seconds(30);
};

/// Whether a machine is in want of what it takes to start a worker: descriptors, processes, room on its disk. While it
/// is, it fails each work in no time, is free again at once, and so would take work after work from nodes that are
/// well. It takes none for a while instead, and then tries again: twice as long after each trial that fails.
class start_trouble {
public:
  explicit start_trouble(start_trouble_options options = {}) : options_(options) {}

  /// What was on its way already may fail during the pause, which does not grow by that.
  void on_failed(std::string why, instant now);
  void on_started(); ///< All is well.

  /// Why nothing may be started now; nothing: it may.
  [[nodiscard]] std::optional<std::string> why_not(instant now) const;

private:
  start_trouble_options options_;
  std::chrono::nanoseconds pause_{0}; ///< The last one; 0: there is no trouble.
  instant until_;
  std::string why_;
};

[[nodiscard]] result<void> validate(const start_trouble_options& options); ///< Names every field that is out of range.

} // namespace runtime
