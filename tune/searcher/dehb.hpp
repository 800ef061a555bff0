#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/differential_evolution.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/rung_ladder.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The searcher of DEHB (Awad et al. 2021, arXiv:2105.09821): differential evolution, rand/1/bin, with a population of
/// its own for each rung, as losses are compared only after equally many iterations. A trial is a child of the member
/// of a rung whose turn it is; the mutant is made of the best of the rung below, of the lowest rung of its own. At each
/// rung that a trial comes to it takes the place of the member whose turn it is there, at once, if it is no worse.
///
/// Hyperband itself, the other half of DEHB, is the scheduler's: hyperband() or asha() says which trials go on. So it
/// differs from the paper in this:
/// - There a child runs with its rung's iterations at once. Here each trial begins at the bottom and comes as far as
///   the scheduler lets it. So its rung says only who its parents are, and it competes at all rungs on its way.
/// - There brackets say how many children each rung has. Here each rung has as many, as each has about the same share
///   of the iterations in Hyperband.
/// - There the first round of brackets fills the populations, with promoted trials above the lowest rung. Here the
///   first trials that come to a rung and have not failed do, those of the lowest rung from a Sobol sequence; a rung
///   has no children before its population is complete.
/// - A population is as large as the first bracket's number of trials at its rung, but 6 at least; there it is the
///   largest number of any bracket, for which max_t must be known.
class dehb final : public learning_search {
public:
  /// Options and space without mistakes.
  dehb(const searcher_setup& setup, const dehb_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const dehb_search_options& options);

  searcher_abilities abilities() const override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

  design_search::drawn next(trial_id trial, const ranks& in_batch) override;
  void suppose(trial_id /*trial*/, const config& /*values*/) override {} // Trials that run are nobody's parents.
  void withdraw(trial_id /*trial*/) override {}
  std::optional<std::uint64_t> rank_of(const config& values) const override { return design_.rank_of(values); }

private:
  struct pending {
    trial_course course;
    std::vector<double> numbers;
    std::size_t passed = 0; ///< So many rungs, from the lowest.
  };

  differential_habits habits() const { return {options_.weight, options_.crossover}; }
  void open_rung();
  std::optional<std::size_t> rung_for(trial_id trial) const;
  const std::vector<double>& target_at(std::size_t rung, trial_id trial) const;
  differential_parents parents_at(std::size_t rung, const std::vector<double>& target) const;
  void compete(std::size_t rung, trial_id trial, const pending& which, const trial_standing& how);
  void judge_anew(trial_id trial, const pending& which, trial_outcome how);

  space_plan plan_;
  modelled_axes axes_;
  std::uint64_t seed_;
  dehb_search_options options_;
  design_search design_; ///< The first trials, and what else cannot be evolved.
  rung_ladder ladder_;
  std::vector<differential_population> rungs_; ///< As many as the ladder has.
  std::vector<differential_population::member> known_;
  std::map<trial_id, pending> pending_;
};

} // namespace tune
