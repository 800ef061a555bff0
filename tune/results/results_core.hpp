#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tune/journal/record.hpp"
#include "tune/results/experiment_description.hpp"

namespace tune {

/// What an experiment's records leave on disk for people and tools, in the names and forms that users of Ray Tune and
/// TensorBoard know: decides which bytes go to which file of which trial. The same records give the same bytes. Holds
/// what it knows of the trials that have not ended.
class results_core {
public:
  /// Where a trial's results go.
  struct trial_files {
    trial_id trial;
    std::string directory;   ///< In the experiment's.
    std::string event_file;  ///< Its name in `directory`.
    std::string event_begin; ///< Its first record.
  };
  using files_of_trial = std::shared_ptr<const trial_files>;

  struct make_trial { ///< It has no results yet.
    files_of_trial files;
    std::string params; ///< Of params.json.
  };
  /// One line, one row, one record: the index-th of result.json, progress.csv (after its header) and the event file
  /// (after its first).
  struct append_result {
    files_of_trial files;
    std::uint64_t index = 0; ///< From 1, without gaps.
    std::string json;
    std::shared_ptr<const std::string> header; ///< Of progress.csv, with its newline. Only ever grows, at its end.
    std::size_t columns = 0;                   ///< In it.
    std::string row;
    std::string event;
  };
  struct write_errors { ///< All of error.txt.
    files_of_trial files;
    std::string text;
  };
  struct write_policy { ///< All of pbt_policy.json: how the trial's state has come about.
    files_of_trial files;
    std::string text;
  };
  struct end_trial { ///< Nothing more comes.
    trial_id trial;
  };
  using action = std::variant<make_trial, append_result, write_errors, write_policy, end_trial>;
  using actions = std::vector<action>; ///< To be performed in this order.

  actions on_record(const journal_record& record);

  bool has_begun() const noexcept { return has_begun_; }
  std::string experiment_json() const; ///< Of experiment.json: the description, and how far it is.
  std::size_t lives() const noexcept { return lives_.size(); }

private:
  struct life {
    files_of_trial files;
    std::string name;        ///< "7f3a91c2_00004"
    std::string config_json; ///< "config": {..}
    config values;
    std::vector<std::string> parameters; ///< Of progress.csv: those that it was created with.
    trial_state state = trial_state::pending;
    std::uint64_t results = 0;
    iteration_number iterations = 0;
    std::vector<std::string> columns; ///< Of progress.csv.
    std::size_t metric_columns = 0;   ///< The first of them, from the first result.
    std::shared_ptr<const std::string> header;
    std::string config_row; ///< The cells of the configuration, each with a comma before it.
    attempt_number attempt = 0;
    iteration_number attempt_from = 0;
    double attempt_time_s = 0;
    std::string place_json; ///< "pid": .., "hostname": .., of the attempt; and as CSV cells.
    std::string place_row;
    std::string where; ///< For error.txt.
    std::vector<std::string> failures;
    std::uint64_t older_failures = 0;
    std::vector<std::string> policy;  ///< Lines: the changes of values that its present state has seen.
    iteration_number changed_at = 0;  ///< When the last of them was, as the trial counts,
    iteration_number seen_before = 0; ///< and how many iterations its state had seen then.
  };

  actions on(const record::experiment_begun& begun);
  actions on(const record::experiment_resumed& resumed);
  actions on(const record::experiment_ended& ended);
  actions on(const record::trial_created& made);
  actions on(const record::attempt_started& started);
  actions on(const record::attempt_placed& placed);
  actions on(const record::result_reported& reported);
  actions on(const record::checkpoint_saved& saved);
  actions on(const record::checkpoint_lost& lost);
  actions on(const record::attempt_ended& ended);
  actions on(const record::trial_changed& changed);
  actions on(const record::trial_ordered& ordered);
  actions on(const record::trial_exploited& exploited);
  actions on(const record::trial_resized& resized);

  life* life_of(trial_id trial);
  static void set_config(life& trial, const config& values);
  void forget_place(life& trial);
  void become(life& trial, trial_state state);
  std::string json_line(const life& trial, const record::result_reported& reported, const metrics& values);
  void set_columns(life& trial, const metrics& values);
  std::string csv_row(const life& trial, const record::result_reported& reported, const metrics& values);
  write_errors add_failure(life& trial, std::string text);
  const std::string& date_of(record::wall_time at); ///< Most results come in the same second as the one before.

  record::experiment_begun begun_;
  experiment_description description_;
  bool has_begun_ = false;
  std::uint64_t samples_ = 0;
  std::uint64_t resumptions_ = 0;
  std::uint64_t results_ = 0;
  std::array<std::uint64_t, 6> counts_{};
  std::optional<record::experiment_ended> ended_;
  std::map<trial_id, life> lives_; ///< Of the trials that have not ended.
  std::int64_t second_ = -1;
  std::string date_;
};

} // namespace tune
