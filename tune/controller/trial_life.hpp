#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/instant.hpp"
#include "tune/config.hpp"
#include "tune/controller/failure_budget.hpp"
#include "tune/journal/record.hpp"
#include "tune/scheduler/resource_room.hpp"
#include "tune/trial/kept_checkpoints.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What the controller knows of a trial that has not ended. The first part is what the journal says; the second is
/// about the attempt that runs, and is empty when a driver opens the experiment again.
struct trial_life {
  config values;
  std::optional<config> first_values; ///< As it was created, if they have changed: its directory is named by them.
  record::wall_time created;
  trial_state state = trial_state::pending;
  iteration_number iterations = 0; ///< The last that was counted.
  double time_total_s = 0;         ///< Then.
  std::vector<double> losses;      ///< Then; one for each objective.
  kept_checkpoints checkpoints;
  failure_budget budget;
  attempt_number attempts = 0;         ///< The newest; earlier ones are not heard (I3).
  iteration_number restored = 0;       ///< Of the checkpoint that the newest one began from; 0: none.
  bool restored_loan = false;          ///< That was the one that is lent to it.
  std::string node;                    ///< Where it ran or runs.
  std::optional<attempt_end> last_end; ///< Of the newest attempt, until the next one starts.
  std::string failed_node;             ///< Where it failed or was lost last: it goes elsewhere if it can.
  trial_size size = 1;                 ///< Of its resources.
  trial_size had_size = 1;             ///< With which an attempt ran last.
  bool is_resized = false;             ///< Since its attempt started: that is to save and end.

  /// A decision that has been made and not carried out: whatever the attempt still does, the trial becomes this.
  struct ending {
    trial_state state = trial_state::terminated;
    std::string why;
    bool by_user = false;
  };
  std::optional<ending> ends;
  bool is_held = false; ///< Paused by its user, who alone has it go on.

  /// What it goes on from after an exploit, until it has a newer one of its own in the storage.
  struct loan {
    lent_checkpoint what;
    iteration_number at = 0; ///< Of its own: it counts on from there.
    double time_total_s = 0; ///< Then.
  };
  std::optional<loan> borrowed;
  iteration_number changed_at = 0; ///< Its checkpoints up to here are of other values, and are lent to nobody; 0: none.

  enum class phase {
    none,     ///< No attempt.
    waits,    ///< For its lease and its worker.
    steps,    ///< In an iteration.
    answered, ///< Its report is being written; the answer goes out when it is on disk.
    leaves,   ///< It was told to end.
    killed,
  };
  phase now = phase::none;
  runtime::instant since{};                 ///< When this phase began.
  runtime::instant began{};                 ///< When the attempt began to run.
  std::optional<runtime::instant> due;      ///< When something must be done about it: a deadline, or its next attempt.
  journal_position starts_at = 0;           ///< It begins when the record at this position is on disk.
  journal_position unwritten = 0;           ///< Of the last record that its answer waits for.
  iteration_number told = 0;                ///< The last that this attempt has reported; it may repeat earlier ones.
  iteration_number free_until = 0;          ///< Reports before this iteration have leave to go on.
  double time_before_s = 0;                 ///< Of earlier attempts, up to the checkpoint.
  end_cause killed_as = end_cause::stopped; ///< What the end of a killed attempt is taken for,
  std::string killed_because;               ///< and why.

  const config& created_with() const { return first_values ? *first_values : values; }
};

} // namespace tune
