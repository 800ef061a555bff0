#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "tune/scheduler/explore_step.hpp"

namespace tune {

/// What a population's trials have gained with which values: what population based bandits learn from. A reward is a
/// loss with the other sign. Time is how many iterations a state has been trained, by whomever: a trial that goes on
/// from another one has that one's time.
///
/// A row is the gain for each iteration between two reports of one trial with the same values: the first report with
/// them or one that was judged, and the next that is judged. So noise is spread over an interval, and there is a row
/// for each interval. From a report that is no finite number on there is none; the gain up to it is the worst.
class pb2_rows {
public:
  using numbers = std::vector<double>; ///< Values in [0, 1], one for each parameter that is modelled.
  struct row {
    double time = 0;   ///< Of the later report.
    double before = 0; ///< The earlier report's reward.
    numbers at;
    double gain = 0; ///< Negative infinity: the worst.
  };
  /// Where a state is.
  struct standing {
    double time = 0;
    double reward = 0;
  };
  /// Values that are being tried and have no row.
  struct trying {
    standing from;
    numbers at;
  };

  /// `most_rows`: of more, those with the greatest time are kept, and of equal ones the later trials'.
  explicit pb2_rows(std::size_t most_rows) : most_rows_(most_rows) {}

  void on_trial_created(trial_id trial, numbers at);
  void on_result(const explore_step::report& what);
  void on_exploited(trial_id trial, trial_id donor, numbers at);
  void on_trial_end(trial_id trial) { lives_.erase(trial); }

  const std::vector<row>& all() const noexcept { return rows_; } ///< By time, then by trial.
  /// When it was judged, or its donor if it has changed since; none: never, or as no number.
  std::optional<standing> standing_of(trial_id trial) const;
  /// Of trials that live and went on with other values, but for this one; at most `most`, with the greatest time.
  std::vector<trying> tried_by_others(trial_id than, std::size_t most) const;

private:
  struct life {
    numbers at;
    double ahead = 0;                     ///< What its state had been trained more than it has itself.
    double last_time = 0;                 ///< Of its newest report.
    std::optional<standing> earlier;      ///< The report that its next row begins with.
    std::optional<standing> judged;       ///< Its state, as far as that is known.
    std::optional<standing> changed_from; ///< Since then there is no row.
  };
  void add(trial_id trial, row made);

  std::size_t most_rows_;
  std::map<trial_id, life> lives_;
  std::vector<row> rows_;
  std::vector<trial_id> owners_; ///< Of the rows.
};

} // namespace tune
