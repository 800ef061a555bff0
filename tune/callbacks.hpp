#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tune/config.hpp"
#include "tune/path.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Which trial something is told of.
struct callback_trial {
  std::string id;           ///< "7f3a91c2_00004"
  std::uint64_t number = 0; ///< In the experiment, from 1.
  tune::config config;      ///< What it evaluates.
};

struct trial_start {
  callback_trial trial;
  attempt_number attempt = 0; ///< More than 1: it goes on, after a pause or a loss.
  std::string node;
};

struct trial_report {
  callback_trial trial;
  iteration_number iteration = 0;
  tune::metrics metrics;
  double seconds = 0; ///< It has trained so far, over all attempts.
};

/// A checkpoint that lies in the experiment's storage. It may have been dropped since, for a newer or a better one.
struct stored_checkpoint {
  callback_trial trial;
  iteration_number iteration = 0;
  path directory;
};

struct trial_end {
  callback_trial trial;
  trial_state state = trial_state::terminated; ///< terminated, stopped or error.
  std::string reason;                          ///< Why, where somebody decided it.
  std::string error;                           ///< What its last failure said; empty unless the state is `error`.
  iteration_number iterations = 0;
  tune::metrics metrics; ///< Its last result; empty if there is none.
};

struct experiment_end {
  std::string why;       ///< "finished", "interrupted by SIGINT", ...
  bool complete = false; ///< Nothing is left to be done.
};

/// Hears how an experiment goes, in the order of its journal: for a logger of one's own, a message to a phone, an
/// upload. Derive from it, and add an object to `experiment.callbacks`.
///
/// Called in a thread that all callbacks of an experiment share, one call at a time. What is told is on disk, so it
/// survives whatever happens; what drivers before this one had done is not told again. Callbacks cannot hold up the
/// experiment: what comes while `callback_limits::most_waiting` events wait for them is dropped and counted, which is
/// told as a warning. What one throws is told as a warning, too, and changes nothing else. They may call a
/// `running_experiment`, for example to stop a trial.
class callback {
public:
  virtual ~callback() = default;

  virtual void on_trial_started(const trial_start& what) { (void)what; }
  virtual void on_result(const trial_report& what) { (void)what; }
  virtual void on_checkpoint(const stored_checkpoint& what) { (void)what; }
  virtual void on_trial_ended(const trial_end& what) { (void)what; }
  /// The last, never dropped; the experiment's files are complete. Not called where the journal could not be written.
  virtual void on_experiment_ended(const experiment_end& what) { (void)what; }
};

struct callback_limits {
  std::size_t most_waiting = 10'000; ///< Events, at least 1; a result with its configuration is about 1 kB.
  /// How long the end of the experiment waits for callbacks to hear what waits. Then the one that has not returned is
  /// left alone: its thread goes on with it, and nothing more is told.
  std::chrono::nanoseconds end_deadline = std::chrono::seconds(10);
};

} // namespace tune
