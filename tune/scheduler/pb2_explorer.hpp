#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tune/scheduler/explore_step.hpp"
#include "tune/scheduler/pb2_rows.hpp"
#include "tune/scheduler/pbt_explorer.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The explore step of population based bandits (Parker-Holder et al. 2020, arXiv:2002.02518). A Gaussian process of
/// what was gained with which numbers, when and from what reward, says with which there may be most to gain where the
/// donor is; what others are trying is taken for known. Numbers between two bounds and without steps are chosen so;
/// all else by the explore step of population based training, and so are they until there are enough rows: 4, and one
/// more than there are such numbers.
///
/// Its cost has a limit: the model holds the newest 1,000 rows and 100 of those that are being tried, and its four
/// parameters are learned from the newest 200, each time anew.
class pb2_explorer final : public explore_step {
public:
  /// `space`: without mistakes.
  pb2_explorer(const pbt_options& options, const search_space& space);

  void on_trial_created(trial_id trial, const config& values) override;
  void on_result(const report& what) override;
  void on_exploited(trial_id trial, const exploit& with) override;
  void on_trial_end(trial_id trial) override;
  found explore(trial_id trial, const exploit& from, const chance& random) const override;

  /// Of these, by place, those that the model chooses.
  static std::vector<std::size_t> modelled(const pbt_options& options, const space_plan& plan);

private:
  pb2_rows::numbers numbers_of(const config& values) const; ///< What is not active lies in the middle.
  std::size_t least_rows() const;
  std::vector<pb2_rows::numbers> best_numbers(trial_id trial, const exploit& from, const pb2_rows::standing& donor,
                                              const chance& random) const;

  space_plan plan_;
  std::vector<std::size_t> modelled_;
  pbt_explorer others_;
  pb2_rows rows_;
};

} // namespace tune
