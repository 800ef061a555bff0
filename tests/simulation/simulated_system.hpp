#pragma once

#include <memory>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "runtime/wire/wire_types.hpp"

namespace sim {

/// The one actor system in which all machines of a simulation live.
class simulated_system {
public:
  simulated_system() {
    runtime::add_wire_types(config_);
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
  }
  ~simulated_system() { end_actors(); }
  simulated_system(const simulated_system&) = delete;
  simulated_system& operator=(const simulated_system&) = delete;

  caf::actor_system& get() { return *system_; }
  caf::actor keep(caf::actor actor) { return actors_.emplace_back(std::move(actor)); }

  /// Before what they use goes. Nobody else runs them, and timers that are set again and again would go on for ever.
  void end_actors() {
    auto& scheduler = static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
    for (const auto& actor : actors_)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    actors_.clear();
    while (scheduler.try_run_once())
      ;
    scheduler.clock().cancel_all();
    while (scheduler.try_run_once())
      ;
  }

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<caf::actor> actors_;
};

} // namespace sim
