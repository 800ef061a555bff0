#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "runtime/wire/wire_types.hpp"

/// What the alarm of a virtual_time does when its time has come.
struct virtual_alarm {
  std::shared_ptr<std::function<void()>> what;
};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(virtual_alarm)

/// An actor system whose time passes when it is told to. Actors that are added end before it does.
class virtual_time {
public:
  virtual_time() {
    runtime::add_wire_types(config_);
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
    alarm_ = add(system_->spawn<ringer>());
  }
  ~virtual_time() {
    for (const auto& actor : actors_)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    actors_.clear();
    alarm_ = nullptr;
    scheduler().run();
    scheduler().clock().cancel_all(); // Else timers that arm themselves again keep it from ending.
    scheduler().run();
  }
  virtual_time(const virtual_time&) = delete;
  virtual_time& operator=(const virtual_time&) = delete;

  caf::actor_system& system() { return *system_; }
  caf::actor add(caf::actor actor) { return actors_.emplace_back(std::move(actor)); }

  /// What can happen at once happens, nothing later.
  void settle() {
    while (scheduler().try_run_once())
      ;
  }
  void pass(std::chrono::nanoseconds time) {
    auto& clock = scheduler().clock();
    const auto limit = clock.current_time + time;
    settle();
    while (!clock.schedule().empty() && clock.schedule().begin()->first <= limit) {
      clock.trigger_timeout();
      settle();
    }
    clock.current_time = limit;
  }
  void after(std::chrono::nanoseconds time, std::function<void()> what) {
    caf::delayed_anon_send(alarm_, time, virtual_alarm{std::make_shared<std::function<void()>>(std::move(what))});
  }

private:
  // A class: UBSan reports how CAF spawns functions.
  struct ringer : caf::event_based_actor {
    using event_based_actor::event_based_actor;
    caf::behavior make_behavior() override {
      return {[](const virtual_alarm& alarm) { (*alarm.what)(); }};
    }
  };

  caf::scheduler::test_coordinator& scheduler() {
    return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  }

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<caf::actor> actors_;
  caf::actor alarm_;
};
