#pragma once

#include <cstdint>
#include <string>

namespace tune {

/// Why an attempt ended. The user's errors count against max_failures, losses against max_losses.
enum class end_cause {
  finished,       ///< The trainable returned, or reported its last iteration.
  stopped,        ///< It was told to: a decision of the scheduler, a stop condition, the user, the experiment's end.
  paused,         ///< It was told to; its state is in its checkpoint.
  threw,          ///< User's error: the trainable threw, or said something that cannot be (a metric is missing).
  crashed,        ///< User's error: its process ended by a signal or an exit of its own making.
  out_of_memory,  ///< User's error: more than its own limit.
  hung,           ///< User's error: past its step or trial deadline; it was killed.
  lost,           ///< Infrastructure: node or network.
  not_started,    ///< Infrastructure: no worker came to be.
  driver_lost,    ///< The driver ended; nobody's fault.
  bad_checkpoint, ///< What it was to restore is gone or broken; the next older one is tried.
  infeasible,     ///< Its resources fit on no node; it is not tried again.
  /// What it was to restore could not be read, now; it is tried again for a while, then the next older one.
  unreadable_checkpoint,
};

[[nodiscard]] const char* to_string(end_cause cause) noexcept;

constexpr bool is_users_error(end_cause cause) noexcept {
  return cause == end_cause::threw || cause == end_cause::crashed || cause == end_cause::out_of_memory ||
         cause == end_cause::hung;
}
/// What it was to restore cannot be restored.
constexpr bool is_about_checkpoint(end_cause cause) noexcept {
  return cause == end_cause::bad_checkpoint || cause == end_cause::unreadable_checkpoint;
}
constexpr bool is_loss(end_cause cause) noexcept {
  return cause == end_cause::lost || cause == end_cause::not_started;
}

struct attempt_end {
  end_cause cause = end_cause::finished;
  std::string why; ///< For people; what `error.txt` holds. Empty where all is well.
};

} // namespace tune
