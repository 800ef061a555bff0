#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/ask_tell/ask_tell_messages.hpp"
#include "tune/ask_tell/best_trials.hpp"
#include "tune/journal/record.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/spec/search_spec.hpp"

namespace tune {

/// A search whose trials somebody else runs: commands in, answers out. What it does is also told in records, those of
/// an experiment's journal; whoever replays them gets an equal core, which proposes and decides the same (I6). An
/// answer may be given when the records before it are durable.
///
/// A trial ends when it is told, or by the answer "stop" to its report; then a tell is answered and changes nothing.
/// Whoever has not seen an answer says the same again: a tell or a report that repeats the last one of its trial is
/// answered again and changes nothing; one that says something else is refused.
class ask_tell_core {
public:
  /// A spec without mistakes.
  explicit ask_tell_core(search_spec spec);

  struct step {
    std::vector<ask_tell::answer> answers;
    std::vector<journal_record> records;
  };

  /// First of all, each record of its journal. already_exists: it is of another search; the message says how they
  /// differ. incompatible: it is no search's whose trials somebody else runs.
  [[nodiscard]] result<void> on_replay(const journal_record& past);
  /// Then once: `id` is for a new search, 8 hex digits.
  void on_begin(const std::string& id, record::wall_time now, step& todo);

  void on_command(const ask_tell::command& said, record::wall_time now, step& todo);

  const std::vector<objective>& objectives() const noexcept { return spec_.objectives; }

private:
  static constexpr char name_in_journal[] = "ask-tell";

  /// One that has not ended.
  struct life {
    config values;
    trial_state state = trial_state::running; ///< Or paused.
    iteration_number iteration = 0;           ///< Of its last report.
    ask_tell::numbers results;                ///< The same.
    decision decided;                         ///< The same: what it was answered.
    bool is_announced = true;                 ///< The record that it has paused is written.
    bool has_changed = false;                 ///< Its values are not those that the searcher proposed.
    trial_id from = {};                       ///< Whose state it went on with, until it reports.
  };
  /// What stays of one that has ended: who says it again is recognised.
  struct ending {
    trial_state state = trial_state::running; ///< Or how it ended.
    trial_outcome how = trial_outcome::completed;
    bool was_stopped = false; ///< By the answer to a report, or as one that was paused: it may be told or not.
    bool is_announced = true; ///< The record of its end is written.
    iteration_number iteration = 0;
    ask_tell::numbers results;
  };

  void on(const ask_tell::ask& said, record::wall_time now, step& todo);
  void on(const ask_tell::tell& said, record::wall_time now, step& todo);
  void on(const ask_tell::report& said, record::wall_time now, step& todo);
  void on(const ask_tell::best& said, record::wall_time now, step& todo);
  void on(const ask_tell::pending& said, record::wall_time now, step& todo);

  [[nodiscard]] result<void> replay(const record::experiment_begun& past);
  [[nodiscard]] result<void> replay(const record::experiment_resumed&) { return {}; }
  [[nodiscard]] result<void> replay(const record::trial_created& past);
  [[nodiscard]] result<void> replay(const record::result_reported& past);
  [[nodiscard]] result<void> replay(const record::attempt_ended& past);
  [[nodiscard]] result<void> replay(const record::trial_changed& past);
  [[nodiscard]] result<void> replay(const record::trial_exploited& past);
  template <class Other>
  [[nodiscard]] result<void> replay(const Other&) {
    return fail(errc::incompatible, "the journal is not one of ask-tell");
  }

  void create(trial_id trial, const config& values);
  void change(trial_id trial, const exploit& with);
  bool resume_paused(record::wall_time now, step& todo);
  void end_lost(record::wall_time now, step& todo);
  void end_paused(trial_id trial, std::string reason, record::wall_time now, step& todo);
  void end_all_paused(record::wall_time now, step& todo);
  void refuse_report(const ask_tell::report& said, step& todo) const;
  void answer_ended(const ask_tell::tell& said, const ending& ended, step& todo) const;
  void announce(trial_id trial, trial_state state, std::string reason, record::wall_time now, step& todo);
  decision judge(trial_id trial, iteration_number iteration, const ask_tell::numbers& results, trial_state& becomes);
  void apply_report(trial_id trial, iteration_number iteration, ask_tell::numbers results, const decision& decided,
                    trial_state becomes);
  void hear_last_result(trial_id trial, const ask_tell::numbers& results);
  void end(trial_id trial, trial_state state, trial_outcome how, ask_tell::numbers results, bool was_stopped = false);

  std::vector<double> losses_of(const ask_tell::numbers& results) const;
  metrics metrics_of(const ask_tell::numbers& results) const;
  ask_tell::numbers numbers_in(const metrics& values) const;
  std::string trials_so_far() const;

  search_spec spec_;
  std::string description_;
  std::unique_ptr<searcher> search_;
  std::unique_ptr<scheduler> schedule_;
  std::map<trial_id, life> lives_;
  std::vector<ending> endings_; ///< Of trial 1, 2, ...
  best_trials best_;            ///< Of those that have ended.
  std::size_t paused_ = 0;
  bool has_begun_ = false;
};

} // namespace tune
