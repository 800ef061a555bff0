#include "tests/simulation/simulated_background.hpp"

#include <optional>
#include <utility>

namespace sim {

struct simulated_background::state {
  network& net;
  std::shared_ptr<process> whose;
  std::function<std::chrono::nanoseconds()> while_of;
  step what;
  std::optional<instant> next; ///< When a step is under way.
  bool has_ended = false;
};

simulated_background::simulated_background(network& net, std::shared_ptr<process> whose,
                                           std::function<std::chrono::nanoseconds()> while_of)
  : state_(std::make_shared<state>(state{net, std::move(whose), std::move(while_of), nullptr, std::nullopt, false})) {
}

simulated_background::~simulated_background() {
  state_->has_ended = true;
}

void simulated_background::start(step what) {
  state_->what = std::move(what);
}

void simulated_background::wake() {
  step_at(state_, state_->net.now() + state_->while_of());
}

void simulated_background::step_at(const std::shared_ptr<state>& s, instant when) {
  if (s->has_ended || (s->next && *s->next <= when))
    return;
  s->next = when;
  s->net.at(when, [s, when] {
    if (s->has_ended || s->next != when || !s->whose->is_alive)
      return; // It was to begin earlier, and has; or nobody is there any more.
    s->next.reset();
    if (const auto more = s->what(s->net.now()))
      step_at(s, std::max(*more, s->net.now() + s->while_of()));
  });
}

void simulated_background::finish() {
  if (std::exchange(state_->has_ended, true) || !state_->whose->is_alive)
    return;
  for (auto now = state_->net.now();;)
    if (const auto more = state_->what(now); !more || *more > now)
      return;
}

runtime::instant simulated_background::now() const {
  return state_->net.now();
}

} // namespace sim
