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
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/rung_ladder.hpp"
#include "tune/searcher/tpe.hpp"
#include "tune/searchers.hpp"

namespace tune {

/// The searcher of BOHB (Falkner et al. 2018, arXiv:1807.01774), whose scheduler is Hyperband: a tree-structured Parzen
/// estimator of its own for each rung, as losses are compared only after equally many iterations, and the one of the
/// highest rung that enough trials have reached proposes. A trial counts as soon as it reports, also while it is
/// paused.
class bohb final : public learning_search {
public:
  /// Options and space without mistakes.
  bohb(const searcher_setup& setup, const bohb_search_options& options);

  static std::vector<std::string> mistakes(const search_space& space, const bohb_search_options& options);

  searcher_abilities abilities() const override;
  /// A rung has enough results: proposals are more than chance.
  bool can_learn() const;
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
  struct rung {
    rung(const searcher_setup& setup, const tpe_search_options& options) : model(setup, options) {}

    tpe model; ///< To which a trial that reports here has completed.
    std::size_t results = 0;
  };
  struct course {
    config values;
    std::size_t passed = 0; ///< So many rungs, from the lowest.
  };

  void open_rung();
  void pass(trial_id trial, course& where, trial_outcome how, const std::vector<double>& losses);

  searcher_setup setup_;
  bohb_search_options options_;
  std::size_t needed_; ///< Results of a rung, until its model proposes.
  design_search design_;
  rung_ladder ladder_;
  std::deque<rung> rungs_; ///< As many as the ladder has.
  std::map<trial_id, course> pending_;
  std::vector<std::pair<config, std::vector<double>>> known_;
  std::vector<std::pair<trial_id, config>> tried_; ///< Only where no point is to be proposed twice.
};

} // namespace tune
