#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/scheduler/explore_step.hpp"
#include "tune/schedulers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The explore step of population based training: values near to given ones, within the space. A number is multiplied
/// by a factor and put on its bounds and steps, and where that is the step it was on, on the next one in that
/// direction; an ordinal moves to a neighbour; a choice is drawn anew, and each of them with the resample probability.
/// What becomes active is drawn, what is not active any more is left out. Depends on its arguments alone.
class pbt_explorer final : public explore_step {
public:
  /// `space`: without mistakes.
  pbt_explorer(const pbt_options& options, const search_space& space);

  /// As they are, if nothing is found for which the constraints hold.
  config near_to(const config& values, const chance& random) const;
  /// One try of that, with these values where there are any, by dimension; none: a constraint does not hold.
  std::optional<config> once_near_to(const config& values, const space_plan::values& chosen, const chance& random,
                                     std::uint64_t try_number) const;
  found explore(trial_id trial, const exploit& from, const chance& random) const override;

private:
  value moved(const domain& what, const value& from, chance& random) const;

  pbt_options options_;
  space_plan plan_;
  std::vector<bool> is_mutated_; ///< By dimension.
};

} // namespace tune
