#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "tests/simulation/simulated_disk.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tune/background/background.hpp"

namespace sim {

/// In place of a thread: its steps are events of the simulation, a while after it was woken, and end with its process.
class simulated_background : public tune::background {
public:
  /// `while_of` is asked anew for each step: how long after it was called it begins.
  simulated_background(network& net, std::shared_ptr<process> whose,
                       std::function<std::chrono::nanoseconds()> while_of);
  ~simulated_background() override;

  void start(step what) override;
  void wake() override;
  void finish() override;
  runtime::instant now() const override;

private:
  struct state;
  static void step_at(const std::shared_ptr<state>& s, runtime::instant when);

  std::shared_ptr<state> state_; ///< Shared with its events.
};

} // namespace sim
