#pragma once

#include <vector>

#include "tune/scheduler/pb2_rows.hpp"

#include <Eigen/Core>

namespace tune {

/// Rows made ready for a model: time and reward from 0 to 1 as the rows have them (for others from -1 to 2), and gains
/// with mean 0 and deviation 1. A gain that is far from the others (ten times the median distance from their median)
/// counts as that far, or one that diverged would hide how they differ; the worst is as low as the lowest.
class pb2_scale {
public:
  /// With at least one row whose gain is finite.
  explicit pb2_scale(const std::vector<pb2_rows::row>& rows);

  const Eigen::MatrixXd& points() const noexcept { return points_; } ///< A row each: time, reward, values.
  const Eigen::VectorXd& gains() const noexcept { return gains_; }
  Eigen::VectorXd point(const pb2_rows::standing& from, const pb2_rows::numbers& at) const;

private:
  struct range {
    double low;
    double high;
    double unit_of(double x) const; ///< 0 where nothing differs.
  };
  range times_{0, 0};
  range rewards_{0, 0};
  Eigen::MatrixXd points_;
  Eigen::VectorXd gains_;
};

} // namespace tune
