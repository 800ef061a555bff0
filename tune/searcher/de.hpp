#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/differential_evolution.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Differential evolution (Storn and Price 1997), rand/1/bin: a trial is a child of the member of the population whose
/// turn it is, and takes its place as soon as it has ended and is no worse. The population are the first trials that
/// ended and did not fail; they come from a Sobol sequence.
class de final : public learning_search {
public:
  /// Options and space without mistakes.
  de(const searcher_setup& setup, const de_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const de_search_options& options);

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
    std::optional<std::size_t> target; ///< None: the population was not complete.
    std::vector<double> numbers;
    differential_habits with;
  };

  differential_habits usual() const { return {options_.weight, options_.crossover}; }
  differential_habits habits_of(trial_id trial) const;
  std::optional<config> evolved(trial_id trial, const ranks& in_batch) const;

  space_plan plan_;
  modelled_axes axes_;
  std::uint64_t seed_;
  de_search_options options_;
  design_search design_; ///< The first trials, and what else cannot be evolved.
  differential_population population_;
  std::map<trial_id, pending> pending_;
};

} // namespace tune
