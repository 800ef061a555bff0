#pragma once

#include <cstddef>
#include <memory>
#include <set>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "tune/driver/controller_actor.hpp"
#include "tune/worker/posix_in_process_attempts.hpp"

namespace tune {

/// Runs attempts on threads of the driver: stands where the attempts_actor does, and understands the same. It is to be
/// spawned detached: its end waits for the user's code.
class in_process_attempts_actor : public caf::event_based_actor {
public:
  in_process_attempts_actor(caf::actor_config& config, std::size_t threads, caf::actor controller);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "in_process_attempts_actor"; }

private:
  void hear(attempt_key key, attempt_events events);
  void answer(attempt_key key, attempt_reply reply);
  in_process_attempts::then told_as(attempt_key key);
  void quit_when_empty();

  caf::actor controller_;
  std::unique_ptr<in_process_attempts> attempts_;
  std::set<attempt_key> under_way_;
  std::set<attempt_key> ended_; ///< To be ended at once: no thread can be, so they are at their next report.
  bool is_closing_ = false;
};

} // namespace tune
