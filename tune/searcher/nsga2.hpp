#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The elitist non-dominated sorting genetic algorithm, NSGA-II (Deb, Pratap, Agarwal and Meyarivan 2002), with
/// Optuna's defaults: a trial is the child of two members of the population, which are winners of binary tournaments.
/// A generation closes when so many trials have ended as the population has, whichever generation they are of: the best
/// of them and of the population before are the next one. Whoever asks meanwhile gets a child of the population that
/// there is. The first population are trials of a Sobol search.
class nsga2 final : public learning_search {
public:
  static constexpr std::size_t most_remembered = 10'000; ///< Points that are not tried again.

  /// Options and space without mistakes.
  nsga2(const searcher_setup& setup, const nsga2_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const nsga2_search_options& options);

  searcher_abilities abilities() const override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

  design_search::drawn next(trial_id trial, const ranks& in_batch) override;
  void suppose(trial_id trial, const config& values) override;
  void withdraw(trial_id trial) override;
  std::optional<std::uint64_t> rank_of(const config& values) const override;

private:
  using key = std::uint64_t; ///< Ascends with age: what was known before, then by the trial's number.
  using digest = std::uint64_t;
  struct genes {
    std::vector<double> numbers; ///< Of all axes; those that are not in its configuration are inherited, too.
    std::size_t active = 0;      ///< Those that are in it.
  };
  struct member {
    key which;
    trial_standing how;
    genes with;
  };
  struct pending {
    trial_course course;
    genes with;
  };

  std::size_t parent_of(trial_id trial) const;
  std::size_t mate_of(std::size_t parent, chance random) const;
  std::vector<double> child_of(std::size_t parent, const chance& random) const;
  std::optional<config> evolved(trial_id trial, const ranks& in_batch) const;
  std::vector<double> anywhere(key which) const;
  genes genes_of(const config& values, std::vector<double> others) const;
  digest digest_of(const config& values) const;
  void remember(const config& values);
  void join(member which);

  space_plan plan_;
  modelled_axes axes_;
  std::uint64_t seed_;
  nsga2_search_options options_;
  std::size_t size_;            ///< Of the population.
  double eta_;                  ///< How near to their parents numbers lie, if they do.
  design_search design_;        ///< The first trials, and what else cannot be evolved.
  std::vector<member> parents_; ///< Best first; none before the first generation has closed.
  std::vector<member> ended_;   ///< Since then.
  std::map<trial_id, pending> pending_;
  key known_ = 0;
  std::unordered_set<digest> tried_;
  std::deque<digest> tried_in_order_;
  std::map<trial_id, digest> supposed_; ///< Among the tried ones because of these.
};

} // namespace tune
