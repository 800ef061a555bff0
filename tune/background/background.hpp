#pragma once

#include <functional>
#include <optional>

#include "runtime/base/instant.hpp"

namespace tune {

/// What something does beside those who ask it to: on a thread of its own, or, in a simulation, in virtual time.
class background {
public:
  /// Does what is due, and returns when there is more: at a time, which may be now; or none, until it is woken. Never
  /// called twice at once.
  using step = std::function<std::optional<runtime::instant>(runtime::instant now)>;

  virtual ~background() = default;
  virtual void start(step what) = 0; ///< Once, first.
  virtual void wake() = 0;           ///< There may be something to do. By any thread; does not block.
  /// Steps as long as something is due at once, and then no more. Returns when that is done. Once, last.
  virtual void finish() = 0;
  virtual runtime::instant now() const = 0;
};

} // namespace tune
