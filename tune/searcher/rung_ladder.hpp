#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tune {

/// The rungs of a searcher that learns at each of them: after grace_period iterations, and reduction_factor times as
/// many for each next one. It knows no max_t, so they are opened as trials climb: there is always one above what was
/// reached.
class rung_ladder {
public:
  rung_ladder(iteration_number grace_period, double reduction_factor);

  /// Of options by these names.
  static std::vector<std::string> mistakes(const char* searcher, iteration_number grace_period,
                                           double reduction_factor);

  void open_above(iteration_number iteration);
  std::size_t size() const noexcept { return levels_.size(); }
  /// So many rungs lie at or below it.
  std::size_t reached_at(iteration_number iteration) const;

private:
  double reduction_factor_;
  double next_level_; ///< Of the rung that is opened next.
  std::vector<iteration_number> levels_;
};

} // namespace tune
