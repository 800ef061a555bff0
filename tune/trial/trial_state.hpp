#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tune {

enum class trial_state {
  pending,    ///< Waits for a lease, or for its next attempt.
  running,    ///< An attempt runs.
  paused,     ///< Kept by its scheduler or its user, with a checkpoint.
  terminated, ///< Ran to its end, or to one of the experiment's stop conditions.
  stopped,    ///< Ended by its scheduler, its user or the experiment's end.
  error,      ///< Failed more often than it may.
};

/// "pending" and so on, as in JSON.
[[nodiscard]] const char* to_string(trial_state state) noexcept;
[[nodiscard]] std::optional<trial_state> trial_state_from(std::string_view text) noexcept;

constexpr bool has_ended(trial_state state) noexcept {
  return state == trial_state::terminated || state == trial_state::stopped || state == trial_state::error;
}

/// How a trial's life may go; this is the only place that says so.
constexpr bool may_follow(trial_state from, trial_state to) noexcept {
  using s = trial_state;
  switch (from) {
  case s::pending: return to != s::pending; // Also an end: between the end of its attempt and its own it is pending.
  case s::running: return to != s::running;
  case s::paused: return to == s::pending || to == s::stopped || to == s::paused; // Its user holds it now.
  case s::terminated:
  case s::stopped:
  case s::error: return false; // A late report must not revive a trial (I2).
  }
  return false;
}

} // namespace tune
