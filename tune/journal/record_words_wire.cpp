#include "tune/journal/record_words_wire.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace tune::record_wire {

wire::TrialCreated::Origin to_wire(record::trial_origin origin) {
  switch (origin) {
  case record::trial_origin::searcher: return wire::TrialCreated::SEARCHER;
  case record::trial_origin::point: return wire::TrialCreated::POINT;
  }
  return wire::TrialCreated::ORIGIN_UNSPECIFIED;
}

wire::ResultReported::Verdict to_wire(verdict what) {
  switch (what) {
  case verdict::go_on: return wire::ResultReported::GO_ON;
  case verdict::pause: return wire::ResultReported::PAUSE;
  case verdict::stop: return wire::ResultReported::STOP;
  case verdict::yield: break; // A record says which of the two it was.
  }
  return wire::ResultReported::VERDICT_UNSPECIFIED;
}

wire::TrialState::Kind to_wire(trial_state state) {
  switch (state) {
  case trial_state::pending: return wire::TrialState::PENDING;
  case trial_state::running: return wire::TrialState::RUNNING;
  case trial_state::paused: return wire::TrialState::PAUSED;
  case trial_state::terminated: return wire::TrialState::TERMINATED;
  case trial_state::stopped: return wire::TrialState::STOPPED;
  case trial_state::error: return wire::TrialState::ERROR;
  }
  return wire::TrialState::KIND_UNSPECIFIED;
}

wire::AttemptEnded::Cause to_wire(end_cause cause) {
  switch (cause) {
  case end_cause::finished: return wire::AttemptEnded::FINISHED;
  case end_cause::stopped: return wire::AttemptEnded::STOPPED;
  case end_cause::paused: return wire::AttemptEnded::PAUSED;
  case end_cause::threw: return wire::AttemptEnded::THREW;
  case end_cause::crashed: return wire::AttemptEnded::CRASHED;
  case end_cause::out_of_memory: return wire::AttemptEnded::OUT_OF_MEMORY;
  case end_cause::hung: return wire::AttemptEnded::HUNG;
  case end_cause::lost: return wire::AttemptEnded::LOST;
  case end_cause::not_started: return wire::AttemptEnded::NOT_STARTED;
  case end_cause::driver_lost: return wire::AttemptEnded::DRIVER_LOST;
  case end_cause::bad_checkpoint: return wire::AttemptEnded::BAD_CHECKPOINT;
  case end_cause::infeasible: return wire::AttemptEnded::INFEASIBLE;
  case end_cause::unreadable_checkpoint: return wire::AttemptEnded::UNREADABLE_CHECKPOINT;
  }
  return wire::AttemptEnded::CAUSE_UNSPECIFIED;
}

namespace {

/// The word that is written as this number.
template <class Word, class Number, std::size_t N>
[[nodiscard]] result<Word> word_from(Number number, const char* what, const Word (&words)[N]) {
  for (const auto word : words)
    if (to_wire(word) == number)
      return word;
  return fail(errc::incompatible, fmt::format("{}: {} is not known", what, static_cast<int>(number)));
}

} // namespace

result<record::trial_origin> word_from(wire::TrialCreated::Origin number) {
  using w = record::trial_origin;
  return word_from(number, "origin", {w::searcher, w::point});
}

result<verdict> word_from(wire::ResultReported::Verdict number) {
  using w = verdict;
  return word_from(number, "verdict", {w::go_on, w::pause, w::stop});
}

result<trial_state> word_from(wire::TrialState::Kind number) {
  using w = trial_state;
  return word_from(number, "state", {w::pending, w::running, w::paused, w::terminated, w::stopped, w::error});
}

result<end_cause> word_from(wire::AttemptEnded::Cause number) {
  using w = end_cause;
  return word_from(number, "cause",
                   {w::finished, w::stopped, w::paused, w::threw, w::crashed, w::out_of_memory, w::hung, w::lost,
                    w::not_started, w::driver_lost, w::bad_checkpoint, w::infeasible, w::unreadable_checkpoint});
}

} // namespace tune::record_wire
