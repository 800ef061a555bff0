#include "tune/trial/trial_state.hpp"

namespace tune {

const char* to_string(trial_state state) noexcept {
  switch (state) {
  case trial_state::pending: return "pending";
  case trial_state::running: return "running";
  case trial_state::paused: return "paused";
  case trial_state::terminated: return "terminated";
  case trial_state::stopped: return "stopped";
  case trial_state::error: return "error";
  }
  return "?";
}

std::optional<trial_state> trial_state_from(std::string_view text) noexcept {
  for (const auto state : {trial_state::pending, trial_state::running, trial_state::paused, trial_state::terminated,
                           trial_state::stopped, trial_state::error})
    if (text == to_string(state))
      return state;
  return std::nullopt;
}

} // namespace tune
