#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/gp_kernel.hpp"
#include "tune/searcher/gp_model.hpp"
#include "tune/searcher/gp_space.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/rung_ladder.hpp"
#include "tune/searcher/sobol_sequence.hpp"
#include "tune/searchers.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// The searcher of Hyper-Tune (Li et al. 2022, arXiv:2201.06834): a Gaussian process for each rung, as losses are
/// compared only after equally many iterations, and each is believed as far as it orders the results of the highest
/// rung that has enough (gp_ensemble, rung_weights). A trial counts as soon as it reports, also while it is paused.
///
/// Unlike in the paper the models are Gaussian processes (as in Syne Tune), not random forests, and what pending trials
/// may bring is imagined, in place of the median.
class hyper_tune_searcher final : public learning_search {
public:
  /// Options and space without mistakes.
  hyper_tune_searcher(const searcher_setup& setup, const hyper_tune_search_options& options);
  hyper_tune_searcher(const hyper_tune_searcher&) = delete; // Its parts refer to each other.
  hyper_tune_searcher& operator=(const hyper_tune_searcher&) = delete;

  static std::vector<std::string> mistakes(const search_space& space, const hyper_tune_search_options& options);

  searcher_abilities abilities() const override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

  design_search::drawn next(trial_id trial, const ranks& in_batch) override;
  void suppose(trial_id trial, const config& values) override;
  void withdraw(trial_id trial) override;
  std::optional<std::uint64_t> rank_of(const config& values) const override;

  /// How far each rung is believed, from the lowest; 0: it has too few results. Empty: nothing can be learned yet.
  std::vector<double> weights();

private:
  using key = gp_model::key;

  struct rung {
    gp_model model;
    std::size_t valued = 0; ///< Results that are numbers.
  };
  struct place {
    std::vector<double> units;
    Eigen::VectorXd point;
  };
  struct course {
    place where;
    std::size_t passed = 0; ///< So many rungs, from the lowest.
  };
  struct known_result {
    key which;
    place where;
    gp_observations::standing how;
  };

  place place_of(const config& values) const;
  void open_rung();
  void skip(trial_id trial, course& x);
  void pass(trial_id trial, course& x, const gp_observations::standing& how);
  std::optional<config> learned(trial_id trial, const ranks& in_batch);

  space_plan plan_;
  std::uint64_t seed_;
  hyper_tune_search_options options_;
  gp_space space_;
  std::size_t startup_; ///< Results of some rung.
  design_search design_;
  sobol_sequence sequence_;
  gp_kernel kernel_;
  rung_ladder ladder_;
  std::deque<rung> rungs_; ///< As many as the ladder has.
  std::map<trial_id, course> pending_;
  std::vector<known_result> known_;
  std::optional<std::vector<double>> weights_; ///< None: something has happened since.
};

} // namespace tune
