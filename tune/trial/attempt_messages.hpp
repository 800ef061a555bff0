#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tune/config.hpp"
#include "tune/trial/attempt_end.hpp"
#include "tune/trial/checkpoint_ref.hpp"
#include "tune/vocabulary.hpp"

/// What the driver and the worker of an attempt say to each other. The driver always asks and the worker answers: to
/// `attempt_order` and to each `attempt_answer` with the events that have come since, as soon as there is one, which
/// may take as long as an iteration.
///
///   order -> alive, then answer -> reports, answer -> reports, ..., answer -> reports and over
///
/// A report waits for its answer, unless the driver has given leave: where nothing but "go on" can be answered to the
/// reports before an iteration, the worker does these on its own, and tells many at once. Stop and pause are heard at
/// the next report, which counts. An attempt that cannot begin answers the order with `over`.
namespace tune {

/// When checkpoints are written; one policy for functions and classes.
struct checkpoint_policy {
  /// After each so many iterations. 0: at an attempt's first iteration, then as often as saving takes at most 5 % of
  /// the time, but not within 100 ms of the last one.
  iteration_number every = 0;
  bool at_end = true; ///< When the trial ends in good order or pauses.

  friend bool operator==(const checkpoint_policy& a, const checkpoint_policy& b) {
    return a.every == b.every && a.at_end == b.at_end;
  }
};

/// Run this attempt.
struct attempt_order {
  std::string experiment; ///< Id of 8 hex digits.
  trial_id trial;
  std::string trial_name; ///< "7f3a91c2_00004"
  attempt_number attempt = 0;
  std::string trainable;
  config values;
  std::uint64_t seed = 0;
  std::vector<std::string> metrics; ///< Must be in each result.
  checkpoint_policy checkpoints;
  std::optional<iteration_number> max_iterations; ///< After which the trial has finished.
  iteration_number free_until = 0;                ///< Reports before this iteration wait for no answer.
  double time_total_s = 0;                        ///< Of earlier attempts, up to the checkpoint.
  /// The trial's directory in the experiment's storage, and a marker file there with its content: a worker that finds
  /// it sees the storage, and writes there directly. Otherwise it writes below its node's own directory.
  std::string storage_directory;
  std::string marker_file;
  std::string marker;
  std::optional<checkpoint_ref> restore;   ///< `directory`: where it lies for this worker.
  std::map<std::string, double> resources; ///< Of its lease.
};

/// One iteration is done.
struct attempt_report {
  iteration_number iteration = 0;
  metrics values;
  double time_this_iteration_s = 0;
  double time_total_s = 0;
  std::optional<checkpoint_ref> checkpoint; ///< Written after this iteration, whole, at a place of this attempt.
  std::string no_checkpoint;                ///< Why one that was due could not be written. Empty: all is well.
  bool done = false;                        ///< The trainable says that it was the last.
};

/// The attempt has begun; the first event of each.
struct attempt_alive {
  std::string node;
  std::string hostname;
  std::string node_ip;
  std::uint32_t process_id = 0;
  bool sees_storage = false;
  std::string directory; ///< The trial's working directory there.
};

/// It is over; the last event.
struct attempt_over {
  attempt_end end;
  std::optional<checkpoint_ref> checkpoint; ///< A last one, at a pause or at the end.
  std::string no_checkpoint;                ///< Why one that was due could not be written. Empty: all is well.
};

using attempt_event = std::variant<attempt_alive, attempt_report, attempt_over>;
using attempt_events = std::vector<attempt_event>; ///< In the order in which they came.

/// What the worker does next.
enum class attempt_answer {
  go_on,
  pause, ///< Save and end.
  stop,  ///< End in good order; save if the policy says so.
};

/// An answer to all that was told so far.
struct attempt_reply {
  attempt_answer what = attempt_answer::go_on;
  iteration_number free_until = 0; ///< As in the order; it is never taken back.
  iteration_number to = 0;         ///< The last report that it answers, where more may have been told since.
};

} // namespace tune
