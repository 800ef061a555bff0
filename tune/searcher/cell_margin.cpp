#include "tune/searcher/cell_margin.hpp"

#include "tune/space/standard_normal.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr double least_share = 1e-10;

/// How many deviations around the mean hold all but twice this share.
double deviations_without(double share) {
  return -normal_quantile(share);
}

} // namespace

cell_coordinate with_margin(const unit_axis& axis, cell_coordinate x, double deviation, double margin) {
  const auto cell = axis.cell_at(x.mean);
  const auto bounds = axis.bounds_of(cell);
  const double spread = deviation * x.scale;
  if (cell == 0 || cell + 1 == axis.count()) {
    const double bound = cell == 0 ? bounds.high : bounds.low;
    if (normal_share_below(-std::abs(bound - x.mean) / spread) < margin)
      x.mean = bound + (cell == 0 ? -1 : 1) * spread * deviations_without(margin);
    return x;
  }
  const double below = normal_share_below((bounds.low - x.mean) / spread);
  const double above = normal_share_below((x.mean - bounds.high) / spread);
  const double least_below = std::max(below, margin / 2);
  const double least_above = std::max(above, margin / 2);
  const double within = 1 - below - above;
  // What was added is taken from wherever there is more than the margin.
  const double share = (1 - least_below - least_above - within) / (least_below + within + least_above - 1.5 * margin);
  const auto clipped = [](double p) { return std::clamp(p, least_share, 0.5 - least_share); };
  const double low = deviations_without(clipped(least_below + share * (least_below - margin / 2)));
  const double high = deviations_without(clipped(least_above + share * (least_above - margin / 2)));
  x.scale = (bounds.high - bounds.low) / ((low + high) * deviation);
  x.mean = (bounds.low * high + bounds.high * low) / (low + high);
  return x;
}

} // namespace tune
