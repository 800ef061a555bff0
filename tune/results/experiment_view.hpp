#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tune/config.hpp"
#include "tune/journal/record.hpp"
#include "tune/objective.hpp"
#include "tune/results/experiment_description.hpp"
#include "tune/trial/attempt_end.hpp"
#include "tune/trial/kept_checkpoints.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

struct attempt_view {
  attempt_number attempt = 0;
  std::string node; ///< Empty: it did not come to run.
  std::string hostname;
  std::uint32_t process_id = 0;
  iteration_number from = 0;       ///< What it restored, or counts on from.
  trial_id of;                     ///< Whose checkpoint that was, if not its own.
  iteration_number iterations = 0; ///< Results that were counted from it.
  trial_size size = 1;             ///< How many times the trial's resources it had.
  std::optional<end_cause> cause;  ///< None: not over.
  std::string why;
};

/// A trial went on from a checkpoint of another one, with other values.
struct exploit_view {
  iteration_number iteration = 0; ///< That the trial had done.
  trial_id donor;
  iteration_number donor_iteration = 0; ///< Of the donor's checkpoint.
  config before;                        ///< The trial's values until then.
  config after;
  std::string reason;
};

/// A trial got other resources.
struct resize_view {
  iteration_number iteration = 0; ///< That the trial had done.
  trial_size size = 1;
  std::string reason;
};

/// The lowest and highest that a metric was, and when. NaN counts for neither.
struct metric_range {
  double lowest = 0;
  iteration_number lowest_at = 0;
  double highest = 0;
  iteration_number highest_at = 0;
};

struct trial_view {
  trial_id trial;
  std::string name;      ///< "7f3a91c2_00004"
  std::string directory; ///< Of its files, in the experiment's.
  config values;
  trial_state state = trial_state::pending;
  std::string reason; ///< Why it is in this state, where somebody decided it.
  std::string error;  ///< What its last failure said; empty unless the state is `error`.
  record::wall_time created;
  record::wall_time changed; ///< The last that was heard of it.
  metrics last;
  iteration_number iterations = 0;
  double time_total_s = 0;
  std::map<std::string, metric_range> ranges; ///< Of each metric that is a number.
  /// The whole result that is best by the experiment's first objective.
  metrics best;
  iteration_number best_iteration = 0;
  std::vector<attempt_view> attempts;
  kept_checkpoints checkpoints;            ///< Those that are there; their loss is by the first objective.
  std::vector<exploit_view> exploits;      ///< `values` are those of the last.
  trial_size size = 1;                     ///< How many times its resources it has, or is to have next.
  std::vector<resize_view> resizes;        ///< Empty: it has always had size 1.
  std::optional<lent_checkpoint> borrowed; ///< What it goes on from until it has a newer one of its own.
  iteration_number changed_at = 0;         ///< Its checkpoints up to here are of other values; 0: none.

  /// What it would go on from now; null: it would begin anew, or what it has is of other values.
  const checkpoint_ref* newest_checkpoint() const;

  /// The metric in that scope; none where it was never a number.
  std::optional<double> score(const objective& by, result_scope scope) const;
};

struct experiment_view_options {
  /// Of the trials that have ended, keep so many of the best by last result, by best result, of those that went
  /// furthest, with a result and with a checkpoint in the storage, and of the last failures. The others are forgotten:
  /// counted, and how each ended is known. A trial is forgotten with the record after the one that ended it, and not
  /// while a checkpoint of it is on its way to the storage. 0: keep all.
  std::size_t keep_ended = 0;
  /// Of a trial, its first and its newest attempts, exploits and resizes; those between are only counted.
  std::size_t keep_attempts = 100;
};

/// What an experiment's journal says: its records, replayed. Equal after equal records.
class experiment_view {
public:
  explicit experiment_view(experiment_view_options options = {}) : options_(options) {}

  /// The next record. An error: the description cannot be read; all else goes on.
  [[nodiscard]] result<void> on_record(const journal_record& record);

  const std::string& id() const noexcept { return begun_.id; }
  const std::string& name() const noexcept { return begun_.name; }
  std::uint64_t seed() const noexcept { return begun_.seed; }
  std::uint64_t samples() const noexcept { return samples_; }
  bool has_begun() const noexcept { return has_begun_; }
  record::wall_time begun_at() const noexcept { return begun_.at; }
  record::wall_time last_at() const noexcept { return last_at_; } ///< The newest time in the records.
  const std::string& description_json() const noexcept { return begun_.description; }
  const experiment_description& description() const noexcept { return description_; }
  const std::vector<objective>& objectives() const noexcept { return description_.objectives; }
  const std::optional<record::experiment_ended>& ended() const noexcept { return ended_; } ///< None: it goes on.
  std::uint64_t resumptions() const noexcept { return resumptions_; }

  const std::map<trial_id, trial_view>& trials() const noexcept { return trials_; } ///< Those that are kept.
  bool has_forgotten() const noexcept { return trials_.size() < created_; }         ///< Some are not.
  const trial_view* find(trial_id trial) const noexcept;
  const trial_view* find(const std::string& name) const;        ///< "7f3a91c2_00004", or its number.
  std::optional<trial_id> id_of(const std::string& name) const; ///< Of one that was forgotten, too.
  std::optional<trial_state> state_of(trial_id trial) const;    ///< The same; none: it was never created.
  std::uint64_t count(trial_state state) const noexcept { return counts_[static_cast<std::size_t>(state)]; }
  std::uint64_t created() const noexcept { return created_; }
  std::uint64_t results() const noexcept { return results_; } ///< Each counted once.
  /// Iterations that are missing between two results of a trial; 0, or the journal was damaged.
  std::uint64_t lost_results() const noexcept { return lost_; }
  std::uint64_t repeated_results() const noexcept { return repeated_; } ///< Came twice; not counted.
  std::uint64_t strays() const noexcept { return strays_; }             ///< Records of trials that were never created.

  /// The trial whose score is best; the older one of two that are equal. Null: none has the metric.
  const trial_view* best(const objective& by, result_scope scope) const;
  const trial_view* best(result_scope scope = result_scope::last) const; ///< By the first objective.
  /// Of those that have ended, by the last result; known at any time without a search. 0: none has the metric.
  trial_id best_ended() const noexcept { return best_ended_.second; }
  std::vector<const trial_view*> best_first(const objective& by, result_scope scope) const; ///< Those without it last.

private:
  struct rank {
    bool is_ranked = false; ///< Those that have no loss are behind all others, also behind an infinite one.
    double loss = 0;
    trial_id trial;
    bool operator<(const rank& other) const noexcept {
      return std::tie(other.is_ranked, loss, trial) < std::tie(is_ranked, other.loss, other.trial);
    }
  };
  using ranking = std::set<rank>;

  [[nodiscard]] result<void> on(const record::experiment_begun& begun);
  [[nodiscard]] result<void> on(const record::experiment_resumed& resumed);
  void on(const record::experiment_ended& ended);
  void on(const record::trial_created& made);
  void on(const record::attempt_started& started);
  void on(const record::attempt_placed& placed);
  void on(const record::result_reported& reported);
  void on(const record::checkpoint_saved& saved);
  void on(const record::checkpoint_lost& lost);
  void on(const record::attempt_ended& ended);
  void on(const record::trial_changed& changed);
  void on(const record::trial_ordered& ordered);
  void on(const record::trial_exploited& exploited);
  void on(const record::trial_resized& resized);

  trial_view* trial_of(trial_id trial);
  void become(trial_view& trial, trial_state state);
  void count_checkpoint(trial_view& trial, const checkpoint_ref& checkpoint,
                        const std::optional<checkpoint_result>& result = {});
  void pay_back(trial_view& trial);
  std::vector<trial_view*> borrowers_of(trial_id donor, iteration_number iteration, attempt_number attempt);
  void settle(const trial_view& trial);
  void forget_all_but_the_best(const trial_view& ended);
  void add(ranking& among, std::optional<double> loss, trial_id trial, std::vector<trial_id>& left);
  void forget(trial_id trial);
  const objective* first_objective() const;

  experiment_view_options options_;
  record::experiment_begun begun_;
  experiment_description description_;
  std::optional<record::experiment_ended> ended_;
  record::wall_time last_at_;
  std::uint64_t samples_ = 0;
  std::uint64_t resumptions_ = 0;
  bool has_begun_ = false;
  std::map<trial_id, trial_view> trials_;
  std::array<std::uint64_t, 6> counts_{};
  std::uint64_t created_ = 0;
  std::size_t borrowers_ = 0; ///< Of trials_.
  std::uint64_t results_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint64_t strays_ = 0;
  std::pair<double, trial_id> best_ended_; ///< Its loss.
  ranking by_last_;                        ///< Of the ended trials that are kept, where not all are.
  ranking by_best_;
  ranking by_iterations_;
  ranking by_checkpoint_;
  ranking failures_;
  std::map<trial_id, int> kept_by_;        ///< In how many of these rankings a trial is.
  std::optional<trial_id> just_settled_;   ///< By the last record.
  std::vector<std::uint8_t> how_it_ended_; ///< A trial_state, of trial n at n - 1; 0: it was not forgotten.
};

} // namespace tune
