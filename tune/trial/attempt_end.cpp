#include "tune/trial/attempt_end.hpp"

namespace tune {

const char* to_string(end_cause cause) noexcept {
  switch (cause) {
  case end_cause::finished: return "finished";
  case end_cause::stopped: return "stopped";
  case end_cause::paused: return "paused";
  case end_cause::threw: return "exception";
  case end_cause::crashed: return "crash";
  case end_cause::out_of_memory: return "out of memory";
  case end_cause::hung: return "deadline";
  case end_cause::lost: return "node lost";
  case end_cause::not_started: return "not started";
  case end_cause::driver_lost: return "driver ended";
  case end_cause::bad_checkpoint: return "bad checkpoint";
  case end_cause::infeasible: return "infeasible";
  case end_cause::unreadable_checkpoint: return "unreadable checkpoint";
  }
  return "?";
}

} // namespace tune
