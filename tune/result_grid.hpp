#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/objective.hpp"
#include "tune/path.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

class experiment_view;
struct attempt_view;
struct trial_view;

/// One run of a trial in one worker.
struct attempt_result {
  attempt_number attempt = 0;
  std::string node;                ///< Empty: it did not come to run.
  std::string cause;               ///< Why it ended: "finished", "exception", "node lost", ... Empty: it runs.
  std::string error;               ///< The same in detail; empty where all is well.
  iteration_number iterations = 0; ///< Results that were counted from it.
  std::uint32_t size = 1;          ///< How many times the experiment's resources it had: tune::resource_changing().
};

/// A trial went on from another one's checkpoint, with other values: population based training.
struct exploit_result {
  iteration_number iteration = 0; ///< That the trial had done; it counted on from there.
  std::string donor;              ///< "7f3a91c2_00004"
  iteration_number donor_iteration = 0;
  tune::config config; ///< From then on.
  std::string reason;
};

/// What became of one trial. Cheap to copy; what it refers to lives as long as it does.
class trial_result {
public:
  const std::string& id() const;        ///< "7f3a91c2_00004"
  std::uint64_t number() const;         ///< In the experiment, from 1.
  trial_state state() const;            ///< See also to_string().
  const tune::config& config() const;   ///< What it evaluated, last where that changed.
  const tune::metrics& metrics() const; ///< Its last result; empty if there is none.
  /// Its best result by the experiment's first objective, and when that was.
  const tune::metrics& best_metrics() const;
  iteration_number best_iteration() const;
  iteration_number iterations() const; ///< Of its last result; each was counted once.
  double seconds() const;              ///< It trained, over all attempts.
  const std::string& reason() const;   ///< Why it is in its state, where somebody decided it: a rung it failed.
  const std::string& error() const;    ///< What its last failure said; empty unless its state is `error`.
  tune::path path() const;             ///< The directory with its files.
  /// The directory of its newest checkpoint, and of the one with the best result among those that are kept: in the
  /// experiment's storage once its experiment has ended. Before that, or where it could not be copied, perhaps on
  /// another node's disk.
  std::optional<tune::path> checkpoint() const;
  std::optional<tune::path> best_checkpoint() const;
  std::vector<attempt_result> attempts() const; ///< Of a trial with very many, the first and the newest.
  std::vector<exploit_result> exploits() const; ///< The same.

private:
  friend class result_grid;
  trial_result(std::shared_ptr<const experiment_view> all, const trial_view* trial, const tune::path& directory);

  std::shared_ptr<const experiment_view> all_;
  const trial_view* trial_; ///< In all_.
  tune::path directory_;    ///< The experiment's.
};

/// The results of an experiment, as its journal says. For tables and files in other forms, too.
///
/// Of an experiment with very many trials a running program keeps only the best ones, by its first objective. What is
/// about the others as well is then read from the journal when it is first asked for, which throws runtime::failure
/// where it cannot be read: a million trials take seconds, and 2 kB of memory each.
class result_grid {
public:
  /// `directory`: the experiment's.
  result_grid(experiment_view view, path directory);
  /// A view that may have forgotten trials that have ended, all but the best `kept`; `read_all` makes the one that has
  /// not.
  result_grid(experiment_view view, path directory, std::size_t kept,
              std::function<result<experiment_view>()> read_all);

  /// The best trial by the experiment's first objective, or by another. Of two that are equal the older one; NaN is
  /// never the best. Throws runtime::failure where no trial has the metric; the text says which metrics there are.
  trial_result best(result_scope scope = result_scope::last) const;
  trial_result best(const objective& by, result_scope scope = result_scope::last) const;
  [[nodiscard]] result<trial_result> try_best(result_scope scope = result_scope::last) const;
  [[nodiscard]] result<trial_result> try_best(const objective& by, result_scope scope = result_scope::last) const;

  std::vector<trial_result> trials() const; ///< By their numbers.
  std::vector<trial_result> errors() const; ///< Those that failed.
  std::size_t size() const;                 ///< Trials.
  std::uint64_t count(trial_state state) const;
  std::uint64_t results() const;      ///< Of all trials, each counted once.
  std::uint64_t lost_results() const; ///< Iterations that are missing between two results of a trial: 0.

  const std::string& name() const;
  const path& directory() const noexcept { return directory_; }
  std::string ended() const; ///< Why: "finished", ... Empty: it goes on, or its driver crashed.

  std::string table(std::size_t most = 20) const; ///< The best first, aligned, for people.
  std::string to_csv() const;                     ///< A row a trial, with all metrics and parameters.
  std::string to_json() const;                    ///< A list of trials, as `caf-tune trials --json` prints it.

private:
  struct source;
  const experiment_view& known() const noexcept { return *known_; }
  [[nodiscard]] result<std::shared_ptr<const experiment_view>> all() const;
  bool is_ranked(const objective& by) const; ///< known() has its best trials.

  std::shared_ptr<const experiment_view> known_; ///< What was given; counts and best trials are right in it.
  std::shared_ptr<source> source_;               ///< Of what it has forgotten; null: nothing.
  path directory_;
};

} // namespace tune
