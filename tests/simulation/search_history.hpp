#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tune/journal/record.hpp"
#include "tune/vocabulary.hpp"

namespace sim {

/// What a trial of these values reports at this iteration, whichever attempt does it.
tune::metrics results_of(const tune::config& values, tune::iteration_number iteration);

/// What everybody has been told of a search, through all its drivers, and what must be so: a model that is too simple
/// to be wrong. It is told each record when a driver says that it is on disk, and what a new driver found there.
class search_history {
public:
  // What happens.
  void on_durable(tune::journal_position at, const tune::journal_record& what);
  /// A driver has read these, and goes on from there: all that others were told must be among them (I5).
  void on_opened(const std::vector<tune::journal_record>& found);
  /// An attempt runs, in a worker: its number must be on disk, and is given once (I3).
  void on_begun(tune::trial_id trial, tune::attempt_number attempt);
  /// An attempt was answered to its report of this iteration: it must be on disk (I2).
  void on_answered(tune::trial_id trial, tune::attempt_number attempt, tune::iteration_number iteration);
  void on_ended() { has_ended_ = true; } ///< The search is complete.
  void complain(const std::string& what);

  const std::string& wrong() const { return wrong_; } ///< The first thing; empty: nothing.
  std::uint64_t hash() const { return hash_; }        ///< Of all records, in their order.
  std::size_t records() const { return bytes_.size(); }
  std::vector<tune::journal_record> all() const; ///< The records that are on disk.
  std::uint64_t results() const { return results_; }

  /// By the records: where the trial has whole checkpoints, and how it stands.
  using checkpoint_key = std::pair<tune::iteration_number, tune::attempt_number>;
  struct trial {
    tune::config values;
    bool has_other_values = false; ///< It has gone on from another trial's checkpoint.
    tune::trial_state state = tune::trial_state::pending;
    tune::attempt_number attempts = 0;
    tune::iteration_number restored = 0;
    bool runs = false;
    tune::iteration_number iterations = 0;
    std::set<checkpoint_key> checkpoints; ///< All that were told and not lost; of those that are not kept, too:
    bool is_newest_known = true;          ///< after a loss it is not known which older one was.
  };
  const std::map<tune::trial_id, trial>& trials() const { return trials_; }

private:
  void count(const tune::journal_record& what);
  void hear(const tune::record::experiment_begun&) {}
  void hear(const tune::record::experiment_resumed&) {}
  void hear(const tune::record::experiment_ended&) {}
  void hear(const tune::record::trial_created& what);
  void hear(const tune::record::attempt_started& what);
  void hear(const tune::record::attempt_placed& what);
  void hear(const tune::record::result_reported& what);
  void hear(const tune::record::checkpoint_saved& what);
  void hear(const tune::record::checkpoint_lost& what);
  void hear(const tune::record::attempt_ended& what);
  void hear(const tune::record::trial_changed& what);
  void hear(const tune::record::trial_ordered&) {}
  void hear(const tune::record::trial_exploited& what);
  void hear(const tune::record::trial_resized&) {} // No search that is drawn has a scheduler of resources.
  trial* known(tune::trial_id trial, const char* what);

  std::vector<std::string> bytes_; ///< Of each record that is on disk.
  std::map<tune::trial_id, trial> trials_;
  std::set<std::pair<tune::trial_id, tune::attempt_number>> begun_;
  std::uint64_t results_ = 0;
  bool has_ended_ = false;
  std::uint64_t hash_ = 14695981039346656037u;
  std::string wrong_;
};

} // namespace sim
