#include "tune/searcher/bounded_minimum.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

namespace tune {
namespace {

constexpr int most_halvings = 12;
constexpr double sufficient = 1e-4; ///< Of the decrease that the slope promises (Armijo).

using vector = Eigen::VectorXd;

/// A step and by how much the slope changed on it.
struct curvature {
  vector step;
  vector change;
};

vector within(const vector& x, const vector& low, const vector& high) {
  return x.cwiseMax(low).cwiseMin(high);
}

/// 1 where x may move against its slope, 0 at a bound that it leans on.
vector freedom(const vector& x, const vector& gradient, const vector& low, const vector& high) {
  vector free(x.size());
  for (Eigen::Index i = 0; i < x.size(); ++i)
    free[i] = (x[i] <= low[i] && gradient[i] > 0) || (x[i] >= high[i] && gradient[i] < 0) ? 0 : 1;
  return free;
}

/// The two-loop recursion (Nocedal and Wright, algorithm 7.4), among the free variables.
vector direction(const std::deque<curvature>& known, const vector& gradient, const vector& free) {
  vector q = gradient.cwiseProduct(free);
  std::vector<double> by(known.size());
  std::vector<double> dots(known.size());
  double scale = 0;
  for (std::size_t i = known.size(); i-- > 0;) {
    const vector step = known[i].step.cwiseProduct(free);
    const vector change = known[i].change.cwiseProduct(free);
    dots[i] = step.dot(change);
    if (!(dots[i] > 1e-12 * change.squaredNorm()))
      continue;
    if (scale == 0)
      scale = dots[i] / change.squaredNorm();
    by[i] = step.dot(q) / dots[i];
    q -= by[i] * change;
  }
  q *= scale == 0 ? 1 / std::max(1.0, q.norm()) : scale;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const vector change = known[i].change.cwiseProduct(free);
    if (dots[i] > 1e-12 * change.squaredNorm())
      q += (by[i] - change.dot(q) / dots[i]) * known[i].step.cwiseProduct(free);
  }
  return -q;
}

} // namespace

bounded_minimum descend(const smooth_function& function, vector x, const vector& low, const vector& high,
                        const bounded_minimum_options& options) {
  vector gradient(x.size());
  double value = function(x, gradient);
  if (!std::isfinite(value) || !gradient.allFinite())
    return {std::move(x), value};
  std::deque<curvature> known;
  for (int round = 0; round < options.iterations; ++round) {
    if ((within(x - gradient, low, high) - x).lpNorm<Eigen::Infinity>() < options.tolerance)
      break;
    const vector free = freedom(x, gradient, low, high);
    vector towards = direction(known, gradient, free);
    if (!(towards.dot(gradient) < 0)) {
      known.clear();
      towards = direction(known, gradient, free);
    }
    bool is_lower = false;
    vector slope(x.size());
    double length = 1;
    for (int i = 0; i < most_halvings && !is_lower; ++i, length /= 2) {
      vector next = within(x + length * towards, low, high);
      const double there = function(next, slope);
      is_lower = std::isfinite(there) && slope.allFinite() && there <= value + sufficient * gradient.dot(next - x) &&
                 there < value;
      if (!is_lower)
        continue;
      known.push_back({next - x, slope - gradient});
      if (known.size() > static_cast<std::size_t>(options.memory))
        known.pop_front();
      x = std::move(next);
      gradient = slope;
      value = there;
    }
    if (!is_lower)
      break;
  }
  return {std::move(x), value};
}

} // namespace tune
