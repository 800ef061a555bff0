#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/journal/record.hpp"
#include "tune/search_space.hpp"
#include "tune/simulate/time_law.hpp"
#include "tune/simulate/trial_model.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

struct recorded_curves_options {
  std::vector<std::string> metrics;           ///< That are reported; a result that has not all of them is left out.
  std::optional<iteration_number> iterations; ///< Of each trial. Absent: as many as the longest recorded one has.
  std::optional<time_law> iteration_time;     ///< Absent: as long as the recorded ones took.
};

/// The learning curves of an earlier experiment, from its journal. A trial goes as the recorded one did whose
/// configuration is nearest to its own in the unit cube (a parameter that only one of them has counts as the whole
/// width), of equally near ones the first. A recorded trial that ended before the others stays at its last values and
/// its mean time per iteration; one that was done by itself is done then.
class recorded_curves final : public trial_model {
public:
  /// A space without mistakes: that of the search that is simulated.
  recorded_curves(const search_space& space, recorded_curves_options options);

  void on_record(const journal_record& past);
  /// After the last record, before the first curve. An error says why they are of no use: there are no results, none
  /// has the metrics, or the trials have none of the space's parameters.
  [[nodiscard]] result<void> finish();
  std::size_t size() const noexcept { return curves_.size(); }         ///< Trials with results.
  iteration_number iterations() const noexcept { return iterations_; } ///< Of a trial that is not done before.
  std::unique_ptr<trial_curve> curve_of(trial_id trial, const config& values, std::uint64_t seed) const override;

private:
  struct one {
    config values;
    std::vector<double> units;  ///< By dimension; NaN: it has no such parameter.
    std::vector<float> metrics; ///< For each iteration, from 1, one for each name.
    std::vector<float> seconds;
    bool is_done = false; ///< It ended by itself.
  };
  class curve;

  std::vector<double> units_of(const config& values) const;
  void count(const record::result_reported& counted);
  void end(trial_id trial);

  space_plan plan_;
  recorded_curves_options options_;
  std::map<trial_id, one> open_;
  std::vector<one> curves_;
  std::vector<std::string> other_metrics_; ///< Of the first result that was left out.
  iteration_number iterations_ = 0;
};

} // namespace tune
