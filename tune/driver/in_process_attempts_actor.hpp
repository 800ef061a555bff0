#pragma once

#include <cstddef>
#include <memory>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "tune/driver/controller_actor.hpp"
#include "tune/worker/posix_in_process_attempts.hpp"

namespace tune {

/// Runs attempts on threads of the driver: stands where the attempts_actor does, and understands the same. What they
/// tell, it does not wait to be asked for, and the controller gets it from the threads themselves. An attempt that is
/// to end at once ends at its next report, as no thread can be ended. The actor is to be spawned detached: its end
/// waits for the user's code.
class in_process_attempts_actor : public caf::event_based_actor {
public:
  in_process_attempts_actor(caf::actor_config& config, std::size_t threads, caf::actor controller);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "in_process_attempts_actor"; }

private:
  caf::actor controller_;
  std::unique_ptr<in_process_attempts> attempts_;
};

} // namespace tune
