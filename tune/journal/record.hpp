#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tune/config.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/trial/attempt_end.hpp"
#include "tune/trial/checkpoint_ref.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

/// What an experiment's journal is made of. The records in their order are the experiment: whoever replays them knows
/// all that the controller knew. Times are those of the driver's wall clock, for people: nothing is decided from them.
namespace tune::record {

using wall_time = std::chrono::system_clock::time_point;

/// First of an experiment.
struct experiment_begun {
  std::string id; ///< 8 hex digits, random: part of every trial's name.
  std::string name;
  std::string description; ///< JSON, as experiment.json shows it: space, objectives, searcher, scheduler, options.
  std::uint64_t seed = 0;
  std::uint64_t samples = 0; ///< Times the grid, if there is one.
  wall_time at;
};

/// A driver opened it again; also how an experiment is extended.
struct experiment_resumed {
  std::uint64_t samples = 0;
  std::string description; ///< Empty: as before. Space and objectives never change.
  wall_time at;
};

struct experiment_ended {
  std::string why;       ///< "finished", "its time budget of 3600 s is over", "interrupted", ...
  bool complete = false; ///< Nothing is left to be done. Otherwise a driver may go on, and so it may with more samples.
  bool failed = false;   ///< It could not be done: `why` is an error.
  wall_time at;
};

enum class trial_origin { searcher, point };

struct trial_created {
  trial_id trial;
  config values;
  trial_origin origin = trial_origin::searcher;
  wall_time at;
};

/// An attempt is being started: from here on only what it says counts (I3).
struct attempt_started {
  trial_id trial;
  attempt_number attempt = 0;
  iteration_number from = 0; ///< It counts on from there: what is in the checkpoint that it restores; 0: it has none.
  wall_time at;
  trial_id of = {}; ///< Whose checkpoint that is, if it was lent to it; 0: its own.
};

/// It runs, there: the trial is running.
struct attempt_placed {
  trial_id trial;
  attempt_number attempt = 0;
  std::string node;
  std::string hostname;
  std::string node_ip;
  std::uint32_t process_id = 0;
  std::string directory;     ///< The attempt's working directory there.
  bool sees_storage = false; ///< `directory` lies in the experiment's storage.
};

/// A result, counted once (I2), and what was decided from it. The answer goes out when this is on disk.
struct result_reported {
  trial_id trial;
  attempt_number attempt = 0;
  iteration_number iteration = 0;
  metrics values; ///< As the user reported them.
  double time_this_iteration_s = 0;
  double time_total_s = 0; ///< Over all attempts.
  wall_time at;
  std::optional<checkpoint_ref> checkpoint;
  bool done = false;                          ///< The trainable said that it was the last.
  decision decided;                           ///< With its reason, which may be a stop condition's.
  trial_state becomes = trial_state::running; ///< What the trial becomes by it, when its attempt has ended.
};

/// A checkpoint without a result of its own, at a pause or at the end, or of an iteration that was counted before; or
/// one that has reached the storage: perhaps only after its trial has ended.
struct checkpoint_saved {
  trial_id trial;
  checkpoint_ref checkpoint;
  std::optional<checkpoint_result> result = {}; ///< Absent: that of the trial's newest result.
};

/// A checkpoint that nobody can reach any more: it never came to the storage, or could not be read for long.
struct checkpoint_lost {
  trial_id trial;
  iteration_number iteration = 0;
  attempt_number attempt = 0;
  std::optional<trial_id> borrower = {}; ///< For whom alone it is lost; its donor and others may still read it.
};

/// Without a trial_changed after it the trial is pending: it is tried again.
struct attempt_ended {
  trial_id trial;
  attempt_number attempt = 0;
  attempt_end end;
  wall_time at;
};

/// What the trial became, and why: paused, pending again, or an end.
struct trial_changed {
  trial_id trial;
  trial_state state = trial_state::pending;
  std::string reason;
  wall_time at;
  bool by_user = false; ///< Not by the experiment itself: a trial that its user has paused waits for its user.
};

/// Its user wants a trial that has an attempt to become something, which it will be when that has ended. The user is
/// answered when this is on disk. A trial without an attempt changes at once: that is a trial_changed.
struct trial_ordered {
  trial_id trial;
  trial_state becomes = trial_state::stopped; ///< Or paused; running: a pause is taken back.
  std::string reason;
  wall_time at;
};

/// A paused trial is pending again, with other values: it goes on from a checkpoint of another trial. From here on that
/// is lent to it, until it has a newer one of its own in the storage. Of the trial itself: only its values change.
struct trial_exploited {
  trial_id trial;
  iteration_number iteration = 0; ///< That the trial has done; it counts on from there.
  trial_id donor;
  checkpoint_ref checkpoint; ///< The donor's; its iteration is one of the donor's.
  config values;             ///< The trial's from now on.
  std::string reason;
  wall_time at;
};

/// From here on the trial has other resources. If it has an attempt, that saves and ends, and nothing of that counts
/// against the trial.
struct trial_resized {
  struct basis {
    cluster_room cluster;
    std::uint64_t to_come = 0;
  };
  trial_id trial;
  iteration_number iteration = 0; ///< That it has done.
  trial_size size = 1;
  std::string reason;
  wall_time at;
  std::optional<basis> from; ///< What it was decided from. Absent: it could not have the larger size of before.
};

} // namespace tune::record

namespace tune {

using journal_record =
  std::variant<record::experiment_begun, record::experiment_resumed, record::experiment_ended, record::trial_created,
               record::attempt_started, record::attempt_placed, record::result_reported, record::checkpoint_saved,
               record::attempt_ended, record::trial_changed, record::checkpoint_lost, record::trial_ordered,
               record::trial_exploited, record::trial_resized>;

/// The number of a record in its journal: from 1, without gaps.
using journal_position = std::uint64_t;

} // namespace tune
