#include "tune/scheduler/pb2_scale.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tune {
namespace {

using vector = Eigen::VectorXd;

constexpr double far_off = 10;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1)
    return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

vector standardised(const std::vector<pb2_rows::row>& rows) {
  std::vector<double> finite;
  for (const auto& each : rows)
    if (std::isfinite(each.gain))
      finite.push_back(each.gain);
  const double median = median_of(finite);
  std::vector<double> distances;
  for (const double each : finite)
    distances.push_back(std::abs(each - median));
  const double spread = median_of(std::move(distances));
  const double reach = spread > 0 ? far_off * spread : std::numeric_limits<double>::infinity();
  const double least = std::max(*std::min_element(finite.begin(), finite.end()), median - reach);
  vector y(static_cast<Eigen::Index>(rows.size()));
  for (Eigen::Index i = 0; i < y.size(); ++i)
    y[i] = std::clamp(rows[static_cast<std::size_t>(i)].gain, least, median + reach);
  y.array() -= y.mean();
  const double deviation = std::sqrt(y.squaredNorm() / static_cast<double>(y.size()));
  return deviation > 0 && std::isfinite(deviation) ? vector(y / deviation) : vector(vector::Zero(y.size()));
}

} // namespace

double pb2_scale::range::unit_of(double x) const {
  const double unit = (x - low) / (high - low);
  return std::isfinite(unit) ? std::clamp(unit, -1.0, 2.0) : 0; // Also where the distance is more than a double.
}

pb2_scale::pb2_scale(const std::vector<pb2_rows::row>& rows)
  : points_(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.front().at.size()) + 2),
    gains_(standardised(rows)) {
  const auto reach = [&](double pb2_rows::row::*field) {
    const auto [low, high] =
      std::minmax_element(rows.begin(), rows.end(), [&](const auto& a, const auto& b) { return a.*field < b.*field; });
    return range{(*low).*field, (*high).*field};
  };
  times_ = reach(&pb2_rows::row::time);
  rewards_ = reach(&pb2_rows::row::before);
  for (Eigen::Index i = 0; i < points_.rows(); ++i) {
    const auto& each = rows[static_cast<std::size_t>(i)];
    points_.row(i) = point({each.time, each.before}, each.at).transpose();
  }
}

vector pb2_scale::point(const pb2_rows::standing& from, const pb2_rows::numbers& at) const {
  vector made(points_.cols());
  made[0] = times_.unit_of(from.time);
  made[1] = rewards_.unit_of(from.reward);
  for (std::size_t i = 0; i < at.size(); ++i)
    made[static_cast<Eigen::Index>(i) + 2] = at[i];
  return made;
}

} // namespace tune
