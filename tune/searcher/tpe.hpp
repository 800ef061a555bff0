#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/parzen_kernels.hpp"
#include "tune/searcher/tpe_observations.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The tree-structured Parzen estimator (Bergstra et al. 2011; joint densities as Falkner et al. 2018; kernels and
/// weights as Watanabe 2023, arXiv:2304.11127): one density of the good trials, one of the rest and of those that still
/// run, and of some points drawn from the first the one where it exceeds the second most. Parameters with the same
/// conditions are drawn together. The first trials come from a Sobol sequence.
class tpe final : public learning_search {
public:
  /// Options and space without mistakes.
  tpe(const searcher_setup& setup, const tpe_search_options& options);

  /// How many of so many trials are good.
  static std::size_t good_of(const tpe_search_options& options, std::size_t ended);

  static std::vector<std::string> mistakes(const search_space& space, const tpe_search_options& options);

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
  using key = tpe_observations::key;

  /// Parameters with the same conditions: they are always there together.
  struct group {
    group(std::vector<std::size_t> which, std::vector<unit_axis> of, std::uint64_t seed, std::size_t most_good);

    std::vector<std::size_t> dimensions;
    std::vector<unit_axis> axes;
    tpe_observations seen;
    parzen_kernels good;
    parzen_kernels bad;
  };
  using candidates = std::vector<parzen_point>; ///< Of a group, the most promising first.

  void add(key which, const config& values);
  void end(key which, const trial_standing& how);
  void forget(key which);
  bool is_there(const group& x, const config& values) const;
  std::optional<config> learned(trial_id trial, const ranks& in_batch);
  [[nodiscard]] result<config> composed(std::size_t i, std::vector<std::optional<candidates>>& proposed,
                                        const chance& random);
  candidates propose(group& x, const chance& random) const;

  space_plan plan_;
  std::uint64_t seed_;
  tpe_search_options options_;
  std::size_t startup_;
  design_search design_; ///< The first trials, and what else cannot be learned.
  std::vector<group> groups_;
  std::map<trial_id, trial_course> pending_;
  std::size_t ended_ = 0;
  std::size_t known_ = 0;
};

} // namespace tune
