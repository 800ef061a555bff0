#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/gp_kernel.hpp"
#include "tune/searcher/gp_model.hpp"
#include "tune/searcher/gp_observations.hpp"
#include "tune/searcher/gp_space.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/sobol_sequence.hpp"
#include "tune/searcher/trust_region.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Bayesian optimisation with a Gaussian process (Snoek et al. 2012): proposes where the logarithm of the expected
/// improvement (Ament et al. 2023, arXiv:2310.20708) is greatest, with regard to what pending trials may bring. The
/// first trials are the middle of the space and a Sobol sequence.
class gp final : public learning_search {
public:
  /// Options and space without mistakes.
  gp(const searcher_setup& setup, const gp_search_options& options);
  gp(const gp&) = delete; // Its parts refer to each other.
  gp& operator=(const gp&) = delete;

  /// After so many trials a model proposes, in a space of so many dimensions.
  static std::size_t startup_of(const gp_search_options& options, std::size_t dimensions);

  static std::vector<std::string> mistakes(const search_space& space, const gp_search_options& options);

  searcher_abilities abilities() const override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id, iteration_number, const std::vector<double>&) override {}
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

  design_search::drawn next(trial_id trial, const ranks& in_batch) override;
  void suppose(trial_id trial, const config& values) override;
  void withdraw(trial_id trial) override;
  std::optional<std::uint64_t> rank_of(const config& values) const override;

private:
  using key = gp_observations::key;

  void add(key which, const config& values);
  void end(key which, const gp_observations::standing& how);
  std::optional<config> proposed(trial_id trial, const ranks& in_batch);
  std::optional<config> middle(trial_id trial, const gp_space::filter& may_be) const;
  std::optional<config> learned(trial_id trial, const gp_space::filter& may_be);

  space_plan plan_;
  std::uint64_t seed_;
  std::uint64_t points_;
  gp_space space_;
  std::size_t startup_;
  design_search design_; ///< The first trials, and what else cannot be learned.
  sobol_sequence sequence_;
  gp_kernel kernel_;
  gp_model model_;
  std::optional<trust_region> region_;
  std::map<trial_id, double> pending_; ///< With what they violate.
  std::size_t known_ = 0;
};

} // namespace tune
