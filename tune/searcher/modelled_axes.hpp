#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/searcher/unit_axis.hpp"
#include "tune/space/space_plan.hpp"

namespace tune {

/// Whether there is something to choose that a model can choose.
bool is_modelled(const space_plan::dimension& x);

/// What keeps a searcher that chooses among modelled axes from this space: grids.
std::vector<std::string> mistakes_of_crossed(const char* searcher, const search_space& space);

/// All parameters of a space that a model can choose, as one vector of numbers in [0, 1], for searchers that move
/// points in a cube. A parameter whose conditions do not hold keeps its number: it counts again when they do.
class modelled_axes {
public:
  explicit modelled_axes(const space_plan& plan); ///< Which outlives this.

  std::size_t size() const noexcept { return axes_.size(); }
  const unit_axis& at(std::size_t i) const { return axes_[i]; }

  /// The configuration at these numbers. `random` is for what is no axis.
  [[nodiscard]] result<config> config_at(const std::vector<double>& numbers, const chance& random) const;
  /// The numbers of a configuration, in place of those that were there; how many there are.
  std::size_t read(const config& values, std::vector<double>& numbers) const;

private:
  const space_plan* plan_;
  std::vector<std::size_t> dimensions_;
  std::vector<unit_axis> axes_;
};

} // namespace tune
