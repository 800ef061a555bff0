#pragma once

#include "runtime/base/result.hpp"
#include "runtime/program_registry.hpp"
#include "runtime/worker/call_desk_actor.hpp"

#include <functional>
#include <memory>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace runtime {

/// How a hosted actor ended: in good order, or why not.
using actor_end = std::function<void(result<void>)>;

/// Hosts one actor after the other in an actor system of its own that has no network. One thread calls; `on_end` and
/// the replies come on others.
class actor_host {
public:
  actor_host(const program_registry& program, call_desk::deliver_replies deliver);
  ~actor_host();

  /// Ends the previous one's calls. The actor is there when this returns without error; `on_end` is called once.
  [[nodiscard]] result<void> host(const std::string& type_name, const std::string& arguments, actor_end on_end);
  void on_calls(std::uint64_t caller, const std::string& calls);
  void stop(); ///< The actor gets an exit message: caf::exit_reason::user_shutdown.

private:
  struct config : caf::actor_system_config {
    explicit config(const program_registry& program);
  };

  const program_registry& program_;
  config config_;
  caf::actor_system system_;
  caf::strong_actor_ptr desk_handle_;
  call_desk* desk_;
  caf::actor hosted_;
};

} // namespace runtime
