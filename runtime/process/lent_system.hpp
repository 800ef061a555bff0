#pragma once

#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include <caf/fwd.hpp>

namespace runtime {

/// An actor system for those that may outlive it, such as a remote_actor that a program keeps: they use it while it is
/// there. Any thread.
class lent_system {
public:
  explicit lent_system(caf::actor_system& system) : system_(&system) {}
  lent_system(const lent_system&) = delete;
  lent_system& operator=(const lent_system&) = delete;

  /// What `use` makes of the system, which does not end meanwhile; nothing when it has been taken back.
  template <class Use>
  auto with(Use use) const -> std::optional<decltype(use(std::declval<caf::actor_system&>()))> {
    std::shared_lock guard(mutex_);
    if (system_ == nullptr)
      return std::nullopt;
    return use(*system_);
  }

  void take_back() { ///< Before the system ends. Waits for those that use it.
    std::unique_lock guard(mutex_);
    system_ = nullptr;
  }

private:
  mutable std::shared_mutex mutex_;
  caf::actor_system* system_;
};

} // namespace runtime
