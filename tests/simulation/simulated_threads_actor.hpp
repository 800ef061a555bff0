#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "tests/simulation/simulated_attempt.hpp"
#include "tune/driver/controller_actor.hpp"

namespace sim {

/// Stands where the in_process_attempts_actor does: attempts run on threads of the driver, and tell all at once.
class simulated_threads_actor : public caf::event_based_actor {
public:
  simulated_threads_actor(caf::actor_config& config, std::size_t threads, attempt_surroundings around,
                          std::shared_ptr<process> driver, tune::store_disk& storage, caf::actor controller);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "simulated_threads_actor"; }

private:
  struct place {
    std::unique_ptr<tune::attempt_exchange> exchange;
    std::unique_ptr<simulated_attempt> attempt;
    tune::attempt_key runs; ///< Attempt 0: none.
  };

  void fill_places();
  void tell(tune::attempt_key key, tune::attempt_event event);
  place* of(tune::attempt_key key);
  void stop(tune::attempt_key key);
  void close();
  void quit_when_empty();

  attempt_surroundings around_;
  std::shared_ptr<process> driver_;
  caf::actor controller_;
  std::shared_ptr<tune::attempt_news_box> box_ = std::make_shared<tune::attempt_news_box>();
  std::vector<place> places_;
  std::deque<tune::attempt_order> waiting_;
  bool is_closing_ = false;
};

} // namespace sim
