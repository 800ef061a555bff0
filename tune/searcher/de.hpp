#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Differential evolution (Storn and Price 1997), rand/1/bin: a trial is a child of the member of the population whose
/// turn it is, and takes its place as soon as it has ended and is no worse. The population are the first trials that
/// ended and did not fail; they come from a Sobol sequence.
class de final : public searcher {
public:
  /// Options and space without mistakes.
  de(const searcher_setup& setup, const de_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const de_search_options& options);

  searcher_abilities abilities() const override;
  asked ask(const std::vector<trial_id>& trials) override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

private:
  using ranks = std::unordered_set<std::uint64_t>;
  /// How a child is made of its parents; may be learned with it.
  struct habits {
    double weight;
    double crossover;
  };
  struct member {
    trial_standing how;
    std::vector<double> numbers; ///< Of the axes, as its configuration has them.
    habits with;
  };
  struct pending {
    trial_course course;
    std::optional<std::size_t> target; ///< None: the population was not complete.
    std::vector<double> numbers;
    habits with;
  };

  bool is_complete() const { return population_.size() >= static_cast<std::size_t>(options_.population); }
  std::size_t target_of(trial_id trial) const;
  habits habits_of(trial_id trial) const;
  std::vector<double> child_of(std::size_t target, const habits& with, const chance& random) const;
  std::optional<config> evolved(trial_id trial, const ranks& in_batch) const;
  void join(member which);

  space_plan plan_;
  modelled_axes axes_;
  std::uint64_t seed_;
  de_search_options options_;
  design_search design_; ///< The first trials, and what else cannot be evolved.
  std::vector<member> population_;
  std::map<trial_id, pending> pending_;
};

} // namespace tune
