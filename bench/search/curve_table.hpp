#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tune/search_space.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/vocabulary.hpp"

namespace bench {

/// Learning curves of many configurations, measured once: instead of training, a trial looks its next point up.
class curve_table {
public:
  /// A CSV file, which may be compressed: parameters, then `valid_loss_0`, `valid_loss_1`, ... Throws what is wrong.
  explicit curve_table(const std::string& file);

  std::size_t size() const noexcept { return rows_.size(); }
  tune::iteration_number epochs() const noexcept { return epochs_; }
  const tune::search_space& space() const noexcept { return space_; } ///< As wide as the configurations lie.

  /// The configuration that is nearest in the unit cube, of those that are not among these. There must be one.
  std::size_t nearest(const tune::config& values, const std::set<std::size_t>& but) const;
  double loss(std::size_t which, tune::iteration_number epoch) const { ///< NaN where training diverged.
    return rows_[which].losses[static_cast<std::size_t>(epoch)];
  }

private:
  struct row {
    std::vector<double> units;
    std::vector<double> losses; ///< By epoch, from 0.
  };

  tune::search_space space_;
  std::vector<tune::space_plan::dimension> dimensions_;
  std::vector<row> rows_;
  tune::iteration_number epochs_ = 0;
};

} // namespace bench
