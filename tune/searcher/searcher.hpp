#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What a searcher can work with; what it cannot is an error when the experiment is submitted.
struct searcher_abilities {
  bool conditions = true; ///< Parameters that are active only under conditions.
  bool several_objectives = false;
  bool grids = true;        ///< Grid domains: the cross product of them is repeated `samples` times.
  bool learns = false;      ///< From results: fewer trials are created ahead of them.
  bool finite_only = false; ///< Only spaces with finitely many points, such as grid search.
};

/// A trial that is proposed.
struct proposal {
  trial_id trial;
  config values;
  bool is_of_user = false; ///< One of the points that the user gave.
};

enum class ask_outcome {
  proposed,  ///< As many as were asked for.
  wait,      ///< Fewer; more only after further results.
  exhausted, ///< Fewer, and there will never be more: every point of the space has been proposed.
};

struct asked {
  std::vector<proposal> proposals; ///< For the trials that were asked for, in order, from the first.
  ask_outcome how = ask_outcome::proposed;
  std::string reason; ///< Of `wait` and `exhausted`, for people.
};

/// How a trial ended, for a searcher.
enum class trial_outcome {
  completed, ///< Ran to its end.
  stopped,   ///< Early, by the scheduler or a stop condition.
  failed,    ///< By its own error: worse than every value.
  ignored,   ///< By the infrastructure, or by the user: says nothing about the configuration.
};

/// Proposes configurations and learns from results. A pure core: ask(k) depends on the seed, on k and on the set of
/// events that it was told before, so that a replay of the journal proposes the same (I6). Trials that were created
/// and have not ended are pending, and it knows of them.
class searcher {
public:
  virtual ~searcher() = default;

  virtual searcher_abilities abilities() const = 0;
  /// What it chose to do, and why, for people; empty: there was nothing to choose.
  virtual std::string explanation() const { return {}; }

  /// Configurations for these trials, whose numbers ascend. Each is followed by an on_created() if it is used.
  virtual asked ask(const std::vector<trial_id>& trials) = 0;

  /// Before anything else: a configuration whose result is known from elsewhere, and that is no trial here.
  virtual void on_known(const config& /*values*/, const std::vector<double>& /*losses*/) {}
  /// A trial came to be: from ask(), from the user's points, or from the journal. Its configuration is whole.
  virtual void on_created(trial_id trial, const config& values) = 0;
  /// `losses`: one for each objective, less is better; NaN where the metric is.
  virtual void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) = 0;
  /// The scheduler has it wait after its last report. If it goes on with this configuration, it reports again.
  virtual void on_paused(trial_id /*trial*/) {}
  /// Before its on_end(): by how much the trial violates each of its constraints; none where it is 0 or less.
  virtual void on_constraints(trial_id /*trial*/, const std::vector<double>& /*violations*/) {}
  /// `losses` are those that count for the trial (the last ones); empty if it never reported.
  virtual void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) = 0;
};

} // namespace tune
