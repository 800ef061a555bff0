#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tune/chance.hpp"
#include "tune/objective.hpp"
#include "tune/search_space.hpp"
#include "tune/simulate/time_law.hpp"
#include "tune/simulate/trial_model.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

struct invented_curves_options {
  std::vector<objective> objectives; ///< At least one.
  iteration_number iterations = 1;   ///< Of each trial, then it is done; at least 1.
  time_law iteration_time;           ///< Drawn once for each trial: its iterations take equally long.
  std::uint64_t seed = 0;            ///< Of the points where losses are least.
};

/// Learning curves for an experiment of which nothing is known. After t iterations the loss of a configuration is
///
///   a + (1 - a) (1 + t)^-r + noise
///
/// where a, from 0 to 1, is how far it is from a point that is drawn once (the mean, over the parameters that vary, of
/// the distance in the unit cube); r is drawn for each trial, its logarithm with a standard deviation of 0.3 about 0,
/// so that curves cross; the noise has a standard deviation of 0.01. So the asymptotic power law that is fitted to
/// learning curves (Domhan et al. 2015, IJCAI), with parameters that are made up. A metric that is to be maximised is 1
/// less the loss. Each objective has a point of its own.
class invented_curves final : public trial_model {
public:
  /// A space without mistakes.
  invented_curves(const search_space& space, invented_curves_options options);
  std::unique_ptr<trial_curve> curve_of(trial_id trial, const config& values, std::uint64_t seed) const override;

private:
  double distance(const config& values, std::size_t objective) const;

  space_plan plan_;
  invented_curves_options options_;
  std::vector<std::size_t> varying_;        ///< Dimensions.
  std::vector<std::vector<double>> optima_; ///< For each objective, for each of these.
};

} // namespace tune
