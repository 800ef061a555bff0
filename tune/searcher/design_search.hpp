#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "tune/searcher/design.hpp"
#include "tune/searcher/grid_cells.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/finite_points.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

struct design_search_options {
  crossing crossed = crossing::grids;
  bool repeat = false;                  ///< Points of a space that has finitely many and no grid.
  std::optional<std::uint64_t> shuffle; ///< The grid's cells are taken in this order, and not in theirs.
};

/// Random, Sobol, Halton, Latin hypercube and grid search: all that does not learn from results. Trial n, counted
/// without the user's points, lies in cell n of the grid, which is gone through `samples` times; in it the design says
/// where.
class design_search final : public searcher {
public:
  using maker = std::unique_ptr<design> (*)(const space_plan& plan, const design_setup& setup);

  design_search(const searcher_setup& setup, maker how, design_search_options options);

  static std::vector<std::string> mistakes(const search_space& space, crossing what);
  static std::uint64_t trials(const searcher_setup& setup, crossing what);

  searcher_abilities abilities() const override;
  asked ask(const std::vector<trial_id>& trials) override;
  void on_known(const config& values, const std::vector<double>& losses) override;
  void on_created(trial_id trial, const config& values) override;
  void on_report(trial_id, iteration_number, const std::vector<double>&) override {}
  void on_end(trial_id, trial_outcome, const std::vector<double>&) override {}

  // For searchers that learn, for what they cannot: their first trials, and whatever is left of a finite space.
  struct drawn {
    std::optional<config> values;
    std::string why_not;
  };
  /// A point that was neither proposed before nor is among these.
  drawn draw(trial_id trial, const std::unordered_set<std::uint64_t>& in_batch) const;
  bool is_taken(const config& values, const std::unordered_set<std::uint64_t>& in_batch) const;
  bool is_finite() const noexcept { return finite_.has_value(); } ///< And no point is to be proposed twice.
  /// Only where no point is to be proposed twice.
  std::optional<std::uint64_t> rank_of(const config& values) const;

private:
  drawn draw_in_turn(const design::turn& turn, const std::unordered_set<std::uint64_t>& in_batch) const;
  drawn next_untried(const std::unordered_set<std::uint64_t>& in_batch) const;

  space_plan plan_;
  std::uint64_t seed_;
  std::uint64_t samples_;
  std::uint64_t points_;
  design_search_options options_;
  grid_cells cells_;
  std::unique_ptr<design> design_;
  std::optional<finite_points> finite_;     ///< The space's, where no point is to be proposed twice.
  std::unordered_set<std::uint64_t> taken_; ///< Their ranks.
  mutable std::uint64_t first_free_ = 0;    ///< All ranks below are taken or no points: only saves time.
};

} // namespace tune
