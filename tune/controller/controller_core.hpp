#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "tune/controller/controller_options.hpp"
#include "tune/controller/place_wish.hpp"
#include "tune/controller/recent_count.hpp"
#include "tune/controller/step_times.hpp"
#include "tune/controller/trial_life.hpp"
#include "tune/journal/journal.hpp"
#include "tune/journal/record.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/trial/attempt_messages.hpp"
#include "tune/trial/kept_checkpoints.hpp"

namespace tune {

/// The two clocks of a controller: one to decide by, and one for people.
struct moment {
  runtime::instant at;
  record::wall_time wall;
};

/// Why a checkpoint does not reach the storage.
enum class checkpoint_loss {
  for_good, ///< It is not there, or broken.
  for_now,  ///< Its node cannot be reached, or the storage cannot be written.
};

/// Runs an experiment: has trials proposed, started, judged, retried and ended. It decides; what it knows, it knows
/// from the journal's records: those of an earlier driver are replayed first, and each new one is appended before
/// anything is done about it. What a worker is answered waits until its result is on disk (I2, I5). Of a trial only the
/// newest attempt is heard (I3), and of an iteration only the first report counts.
///
/// Every event may come twice, late, or from an attempt that is over: that changes nothing.
class controller_core {
public:
  struct append {
    journal_record record;
    record_haste haste = record_haste::as_its_kind;
  };
  struct start_attempt { ///< Its number is on disk: no later driver gives it to another attempt.
    trial_id trial;
    attempt_number attempt = 0;
    config values;
    config created_with;                   ///< The values that the trial had at first.
    record::wall_time created;             ///< When the trial was.
    std::optional<checkpoint_ref> restore; ///< Its iteration is the one that the attempt counts on from.
    std::optional<lent_checkpoint> lent;   ///< Whose checkpoint `restore` is, as that one counts; none: its own.
    double time_total_s = 0;
    place_wish where;
    iteration_number free_until = 0;
  };
  struct answer {
    trial_id trial;
    attempt_number attempt = 0;
    attempt_reply reply;
  };
  struct kill_attempt { ///< Also one that still waits. Its end is told like any other.
    trial_id trial;
    attempt_number attempt = 0;
    std::string why;
  };
  struct keep_checkpoint { ///< It counts now: give it its place in the storage.
    trial_id trial;
    checkpoint_ref checkpoint;
  };
  struct hurry_checkpoint { ///< Its trial cannot begin before it is in the storage. It may be told again.
    trial_id trial;
    checkpoint_ref checkpoint;
  };
  struct drop_checkpoint {
    trial_id trial;
    checkpoint_ref checkpoint;
  };
  struct leave_checkpoint { ///< It is waited for no more. A later driver brings it into the storage.
    trial_id trial;
    checkpoint_ref checkpoint;
  };
  struct withdraw_attempt { ///< If it still waits for its resources it does not start; its end is told like any other.
    trial_id trial;
    attempt_number attempt = 0;
    std::string why;
  };
  struct warn { ///< Of what people should know.
    std::string what;
  };
  struct finish { ///< The last action. All that was appended must be on disk before the experiment is called ended.
    std::string why;
    bool complete = false; ///< Nothing is left to be done; else a driver may go on with it.
    bool failed = false;   ///< It could not be done: `why` is an error.
    bool held = false;     ///< All that is left are trials that their user has paused.
  };
  using action = std::variant<append, start_attempt, answer, kill_attempt, keep_checkpoint, hurry_checkpoint,
                              drop_checkpoint, leave_checkpoint, withdraw_attempt, warn, finish>;
  using actions = std::vector<action>; ///< To be performed in this order.

  controller_core(controller_options options, std::unique_ptr<searcher> search, std::unique_ptr<scheduler> schedule);

  /// Before on_begin(): a record of the experiment's journal, in order. An error says that the journal does not fit.
  [[nodiscard]] result<void> on_replay(const journal_record& past);

  /// Before on_begin(): what the trial's attempt told when nobody heard it any more; heard if the journal says that
  /// this attempt ran when its driver was lost (I3).
  void on_unheard(trial_id trial, attempt_number attempt, attempt_events events);
  actions on_begin(const moment& now);
  /// How many trials the cluster can run at once, as far as is known; 0 at first.
  /// `room`: the same as nodes, for schedulers that change what a trial has; without it, none is changed.
  actions on_capacity(std::size_t trials, const moment& now, cluster_room room = {});

  /// What an attempt says, in order; the reports among it are answered as one.
  actions on_attempt_events(trial_id trial, attempt_number attempt, const attempt_events& events, const moment& now);
  /// A checkpoint has reached the storage; also that of a trial that has ended meanwhile.
  actions on_checkpoint_stored(trial_id trial, const checkpoint_ref& checkpoint, const moment& now);
  actions on_checkpoint_lost(trial_id trial, const checkpoint_ref& checkpoint, checkpoint_loss how, const moment& now);

  actions on_durable(journal_position up_to, const moment& now);

  /// The driver is told to end: attempts save and end, and a later driver goes on with their trials.
  actions on_interrupt(const std::string& why, const moment& now);
  actions on_second_interrupt(const moment& now); ///< At once.

  // What the user wants of one trial. An error says why that cannot be; then nothing has changed. Else it is done, also
  // by a later driver, when the records are on disk.
  [[nodiscard]] result<actions> on_stop_trial(trial_id trial, const std::string& why, const moment& now);
  /// It waits for its user: no scheduler has it go on, and the end of the experiment does not end it.
  [[nodiscard]] result<actions> on_pause_trial(trial_id trial, const std::string& why, const moment& now);
  [[nodiscard]] result<actions> on_resume_trial(trial_id trial, const std::string& why, const moment& now);
  /// The program waits for the end: where only trials are left that their user has paused, that is now.
  actions on_awaited(const moment& now);

  actions on_time(const moment& now);              ///< Too early or twice: changes nothing.
  std::optional<runtime::instant> wake_at() const; ///< When on_time() is due next, if ever.

  // What is shown to people.
  bool has_finished() const noexcept { return finished_; }
  std::uint64_t created() const noexcept { return created_; }
  std::uint64_t ended(trial_state how) const;
  std::uint64_t results() const noexcept { return results_; }
  std::uint64_t replay_differences() const noexcept {
    return differences_;
  } ///< Decisions that came out otherwise (I6).
  const std::map<trial_id, trial_life>& lives() const noexcept {
    return lives_;
  } ///< Of the trials that have not ended.
  /// Of those trials that have ended and of which a checkpoint is on its way to the storage, or lent to another one.
  struct arriving_trial {
    config created_with;
    record::wall_time created;
    kept_checkpoints checkpoints;
  };
  const std::map<trial_id, arriving_trial>& arriving() const noexcept { return arriving_; }

private:
  using phase = trial_life::phase;
  struct held_answer {
    journal_position position;
    trial_id trial;
    attempt_number attempt;
    iteration_number to;
  };

  // What a record means, now and in a replay.
  [[nodiscard]] result<void> replay(const record::experiment_begun& past);
  [[nodiscard]] result<void> replay(const record::experiment_resumed& past);
  [[nodiscard]] result<void> replay(const record::experiment_ended& past);
  [[nodiscard]] result<void> replay(const record::trial_created& past);
  [[nodiscard]] result<void> replay(const record::attempt_started& past);
  [[nodiscard]] result<void> replay(const record::attempt_placed& past);
  [[nodiscard]] result<void> replay(const record::result_reported& past);
  [[nodiscard]] result<void> replay(const record::checkpoint_saved& past);
  [[nodiscard]] result<void> replay(const record::checkpoint_lost& past);
  [[nodiscard]] result<void> replay(const record::attempt_ended& past);
  [[nodiscard]] result<void> replay(const record::trial_changed& past);
  [[nodiscard]] result<void> replay(const record::trial_ordered& past);
  [[nodiscard]] result<void> replay(const record::trial_exploited& past);
  [[nodiscard]] result<void> replay(const record::trial_resized& past);
  void apply(const record::trial_created& made);
  void apply(const record::attempt_started& started);
  void apply(const record::attempt_placed& placed);
  void apply(const record::result_reported& counted);
  void apply(const record::checkpoint_saved& saved);
  void apply(const record::checkpoint_lost& lost);
  void apply(const record::attempt_ended& ended);
  void apply(const record::trial_changed& changed);
  void apply(const record::trial_ordered& ordered);
  void apply(const record::trial_exploited& exploited);
  void apply(const record::trial_resized& resized);
  template <class Record>
  journal_position write(Record what, actions& todo) {
    apply(what);
    todo.push_back(append{std::move(what)});
    ++position_;
    if (!paid_back_.empty())
      drop_what_was_lent(todo);
    return position_;
  }

  void hear(trial_id trial, attempt_number attempt, const attempt_alive& alive, const moment& now, actions& todo);
  void hear(trial_id trial, attempt_number attempt, const attempt_report& report, const moment& now, actions& todo);
  void hear(trial_id trial, attempt_number attempt, const attempt_over& over, const moment& now, actions& todo);
  void answer_soon(trial_id trial, trial_life& life, std::size_t reports, const moment& now, actions& todo);
  attempt_answer answer_to(const trial_life& life) const;
  iteration_number free_until(trial_id trial, const trial_life& life) const;
  bool waits_for_answer(const trial_life& life, const attempt_report& report) const;
  /// Fills in what becomes of the trial; `yields`: what it does that may give its place to another one.
  void decide(record::result_reported& counted, const std::function<bool()>& yields);
  bool does_any_wait(const trial_life& life) const;
  kept_checkpoints* checkpoints_of(trial_id trial); ///< Null: nothing is known of them any more.
  void forget_if_arrived(trial_id trial);
  std::vector<double> losses_of(const metrics& values) const;

  // What is done about it.
  void take_up(trial_id trial, trial_life& life, const moment& now, actions& todo); ///< After a replay.
  void hear_unheard(trial_id trial, trial_life& life, const moment& now, actions& todo);
  void start(trial_id trial, trial_life& life, const moment& now, actions& todo);
  void end_attempt(trial_id trial, trial_life& life, const attempt_end& end, const moment& now, actions& todo);
  void after_end(trial_id trial, trial_life& life, const moment& now, actions& todo);
  void become(trial_id trial, trial_state state, std::string why, const moment& now, actions& todo);
  void become(trial_id trial, const trial_life::ending& how, const moment& now, actions& todo);
  [[nodiscard]] result<trial_life*> life_for_user(trial_id trial);
  bool has_place_for_attempt() const;
  void on_infeasible(trial_id trial, trial_life& life, const moment& now, actions& todo);
  void interrupt(const std::string& why, const moment& now, actions& todo);
  void give_up(trial_id trial, const std::string& why, const moment& now, actions& todo);
  void kill(trial_id trial, trial_life& life, std::string why, const moment& now, actions& todo);
  void keep(trial_id trial, trial_life& life, const checkpoint_ref& checkpoint, actions& todo);
  void erase_bad_checkpoint(trial_id trial, trial_life& life, actions& todo);
  void erase_with_loans(trial_id trial, trial_life& life, const checkpoint_ref& bad);
  void resize_after_result(trial_id trial, trial_life& life, const moment& now, actions& todo);
  void resize_before_start(trial_id trial, trial_life& life, const moment& now, actions& todo);
  bool resize(trial_id trial, trial_life& life, scheduler::resize_chance when, const moment& now, actions& todo);
  std::optional<resizing> wanted_size(trial_id trial, scheduler::resize_chance when,
                                      const record::trial_resized::basis& from) const;
  std::uint64_t trials_to_come() const;
  bool was_refused(const trial_life& life) const;
  void do_without(trial_id trial, trial_life& life, const moment& now, actions& todo);
  const checkpoint_ref* lendable(trial_id donor, trial_id to) const; ///< Null: it has none.
  std::optional<checkpoint_ref> to_restore(const trial_life& life) const;
  void borrow(trial_life& life, const record::trial_exploited& exploited);
  void pay_back(trial_life& life);
  void pay_back_if_it_can(trial_life& life);
  void for_each_borrower(trial_id donor, iteration_number iteration, attempt_number attempt,
                         const std::function<void(trial_life&)>& what);
  void drop_what_was_lent(actions& todo);
  void restore_older(trial_id trial, trial_life& life, std::chrono::nanoseconds waited, const moment& now,
                     actions& todo);
  void trim_checkpoints(trial_id trial, kept_checkpoints& all, actions& todo);
  bool has_all_arrived(actions& todo);                    ///< Or it is waited for no more.
  void release_answers(const moment& now, actions& todo); ///< To results that are on disk.
  void release_drops(actions& todo);
  void release_starts(actions& todo);
  void stop_all(const std::string& why, const moment& now, actions& todo);
  void fill(const moment& now, actions& todo);
  bool create(std::size_t most, const moment& now, actions& todo);
  bool bring_back_paused(const moment& now, actions& todo);
  void start_due(const moment& now, actions& todo);
  void end_each(const std::vector<scheduler::resumption>& ends, const moment& now, actions& todo);
  void end_lost(const moment& now, actions& todo);
  void end_paused(const moment& now, actions& todo);
  void finish_if_done(const moment& now, actions& todo);
  void on_due(trial_id trial, trial_life& life, runtime::instant due, const moment& now, actions& todo);

  trial_life* life_of(trial_id trial, attempt_number attempt); ///< Null unless this is the newest attempt, and runs.
  void enter(trial_id trial, trial_life& life, phase next, const moment& now);
  void set_due(trial_id trial, trial_life& life, std::optional<runtime::instant> due);
  std::optional<runtime::instant> step_deadline(runtime::instant begins) const;
  runtime::instant end_by(const moment& now) const;
  std::size_t wanted_at_once(const moment& now);
  bool may_begin_more() const;
  bool is_far_ahead_of_disk() const;
  std::size_t at_work() const; ///< Trials that are neither ended nor paused.
  bool may_create() const;

  controller_options options_;
  std::unique_ptr<searcher> search_;
  std::unique_ptr<scheduler> schedule_;

  std::map<trial_id, trial_life> lives_;
  /// Of trials that have ended; until all of them is in the storage and nothing of it is lent.
  std::map<trial_id, arriving_trial> arriving_;
  std::size_t borrowers_ = 0;       ///< Of lives_.
  std::vector<trial_id> paid_back_; ///< Trials that have got something back, which they may drop now.
  std::map<trial_id, std::pair<attempt_number, attempt_events>> unheard_; ///< Until on_begin().
  std::size_t paused_ = 0;                                                ///< Of lives_.
  std::size_t attempts_ = 0;                                              ///< Under way.
  std::size_t held_trials_ = 0;                                           ///< Of the paused ones.
  bool is_awaited_ = false;
  std::uint64_t created_ = 0;
  std::map<trial_state, std::uint64_t> ended_;
  std::uint64_t results_ = 0;
  std::uint64_t differences_ = 0;
  bool has_begun_ = false; ///< The journal has a first record.
  bool exhausted_ = false;
  bool waits_for_results_ = false; ///< The searcher has nothing to propose until it hears of a result.

  journal_position position_ = 0; ///< Of the last record.
  journal_position durable_ = 0;  ///< Of the last one that is on disk.
  std::deque<held_answer> held_;
  /// Dropped when the record at this position is on disk: until then a crash would want it back.
  std::deque<std::pair<journal_position, drop_checkpoint>> drops_;
  /// Begun when the record at this position is on disk: else a driver after a crash would give its number away again,
  /// while it may still run, report, and write checkpoints under that number (I3).
  std::deque<std::pair<journal_position, start_attempt>> starts_;
  std::size_t kept_then_; ///< Of each trial, by the driver whose records are replayed.
  std::set<std::pair<runtime::instant, trial_id>> due_;
  step_times steps_;
  recent_count ends_; ///< Of attempts.
  std::size_t capacity_ = 0;
  cluster_room room_;
  std::optional<runtime::instant> budget_ends_;
  std::optional<runtime::instant> all_end_by_;
  std::optional<runtime::instant> arrive_by_; ///< After an interruption checkpoints are not waited for any longer.
  bool waits_for_checkpoints_ = true;
  bool any_placed_ = false; ///< An attempt has run under this driver: its resources fit somewhere.

  enum class stage { replaying, running, interrupted, stopping } stage_ = stage::replaying;
  std::string end_reason_;
  bool failed_ = false;
  bool finished_ = false;
};

} // namespace tune
