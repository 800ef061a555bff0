#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/searcher/bohb.hpp"
#include "tune/searcher/design_search.hpp"
#include "tune/searcher/early_ends.hpp"
#include "tune/searcher/gp.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/nsga2.hpp"
#include "tune/searcher/tpe.hpp"
#include "tune/searchers.hpp"

namespace tune {

/// Has other searchers propose in turn, each of which hears of every trial: no single one is good everywhere, and a
/// mixture is nowhere bad (as the comparison CARP-S suggests, arXiv:2506.06143). Whose turn it is depends on the space,
/// the objectives, the trial's number and how many trials ended in which way, so that it is the same after a restart.
class automatic_search final : public learning_search {
public:
  static constexpr std::size_t most_modelled = 250; ///< Trials that have ended: after so many they must be cheap.
  /// With several objectives: then evolution, from the best of these, finds more than a division into good and bad.
  static constexpr std::size_t most_divided = 500;
  static constexpr std::uint64_t insurance = 20; ///< One trial in so many is not learned, lest a model is misled.

  /// A space without mistakes.
  automatic_search(const searcher_setup& setup, const auto_search_options& options);

  searcher_abilities abilities() const override;
  std::string explanation() const override;

  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) override;
  void on_paused(trial_id trial) override;
  void on_constraints(trial_id trial, const std::vector<double>& violations) override;
  void on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) override;

  design_search::drawn next(trial_id trial, const ranks& in_batch) override;
  void suppose(trial_id trial, const config& values) override;
  void withdraw(trial_id trial) override;
  std::optional<std::uint64_t> rank_of(const config& values) const override;

private:
  template <class Event>
  void tell(Event event);
  void count_ended();
  void decide();
  learning_search* turn_of(trial_id trial) const;

  std::size_t parameters_ = 0; ///< With something to choose.
  std::size_t unordered_ = 0;  ///< Of these: choices, and those under conditions.
  std::size_t objectives_;
  bool has_grids_ = false;
  design_search design_;
  std::unique_ptr<gp> gp_; ///< As long as trials may be expensive.
  std::unique_ptr<tpe> tpe_;
  std::unique_ptr<bohb> bohb_;   ///< Of one objective, until it is known that trials are not stopped early.
  std::unique_ptr<nsga2> nsga2_; ///< Of several objectives.
  std::size_t startup_ = 0;
  std::map<trial_id, iteration_number> pending_;
  std::size_t ended_ = 0;
  early_ends lengths_;
  bool is_decided_ = false; ///< Whether it is bohb or not.
};

} // namespace tune
