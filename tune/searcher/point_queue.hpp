#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tune/objective.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Every mistake of the points, with its place: `points_to_evaluate: point 2: "lr": 5 is above high 1`. The space has
/// none of its own.
[[nodiscard]] std::vector<std::string> mistakes_of(const std::vector<point>& points, const search_space& space,
                                                   const std::vector<objective>& objectives);

/// How many of them become trials: those without known results.
[[nodiscard]] std::uint64_t trials_of(const std::vector<point>& points);

/// The searcher of an experiment: the user's points first, then what was chosen. `setup` counts the points.
[[nodiscard]] std::unique_ptr<searcher> searcher_with_points(const searcher_choice& chosen, const searcher_setup& setup,
                                                             const std::vector<point>& points,
                                                             const std::vector<objective>& objectives);

/// The user's points become the first trials, in their order: the n-th is trial n. What a point leaves out is drawn
/// from the trial's own chance. Then another searcher proposes, which hears of all.
class point_queue final : public searcher {
public:
  /// Points without mistakes; `rest` was made for trials_of(points). It hears of the known ones here.
  point_queue(const search_space& space, const std::vector<point>& points, const std::vector<objective>& objectives,
              std::uint64_t seed, std::unique_ptr<searcher> rest);

  searcher_abilities abilities() const override { return rest_->abilities(); }
  std::string explanation() const override { return rest_->explanation(); }
  asked ask(const std::vector<trial_id>& trials) override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_paused(trial_id trial) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

private:
  struct waiting {
    space_plan::values fixed;
    std::uint64_t number; ///< Among all points.
  };
  [[nodiscard]] result<config> completed(const waiting& which) const;

  space_plan plan_;
  std::vector<waiting> points_; ///< Of trial 1, 2, ...
  std::uint64_t seed_;
  std::unique_ptr<searcher> rest_;
};

} // namespace tune
