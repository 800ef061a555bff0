#pragma once

#include <map>
#include <string>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

/// Where a head keeps the detached actors that it has accepted, so that the next head on the same state goes on with
/// them. For the custodian's thread; may block as long as a disk does.
class detached_store {
public:
  virtual ~detached_store() = default;
  [[nodiscard]] virtual result<std::map<actor_id, std::string>> load() = 0; ///< All that are kept.
  /// Replaces what is kept of it. It is safe from crashes when this returns well.
  [[nodiscard]] virtual result<void> keep(actor_id actor, const std::string& bytes) = 0;
  virtual void forget(actor_id actor) = 0;
};

} // namespace runtime
