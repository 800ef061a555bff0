#pragma once

#include <cstddef>

#include <Eigen/Core>

namespace tune {

/// How far from the best point a search of many dimensions looks (TuRBO, Eriksson et al. 2019, arXiv:1910.01739):
/// farther after successes in a row, less far after failures. Where it has become too narrow it begins anew.
class trust_region {
public:
  static constexpr double first_side = 0.8;
  static constexpr double greatest_side = 1.6;
  static constexpr double least_side = 0.0078125; ///< 2^-7.

  explicit trust_region(std::size_t dimensions);

  /// A trial ended that was not proposed by a model.
  void on_first(double loss);
  /// One that was; NaN: it failed. Less is better.
  void on_end(double loss);
  double side() const noexcept { return side_; }

  struct box {
    Eigen::VectorXd low;
    Eigen::VectorXd high;
  };
  /// Around a point: longer in dimensions in which little changes. All lies in [0, 1].
  box around(const Eigen::VectorXd& centre, const Eigen::VectorXd& lengths) const;

private:
  std::size_t most_failures_;
  double side_ = first_side;
  double best_;
  std::size_t successes_ = 0;
  std::size_t failures_ = 0;
};

} // namespace tune
