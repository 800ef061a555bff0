#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace tune {

/// The covariance of a Gaussian process over mixed points: Matern 5/2 with a length of its own for each dimension; of
/// choices it counts which differ. A point has a number in [0, 1] for each dimension; for one that is a choice, its
/// index. Optionally each number is warped as if it came from a Kumaraswamy distribution (Snoek et al. 2014).
class gp_kernel {
public:
  using points = Eigen::MatrixXd; ///< One a row.
  using vector = Eigen::VectorXd;

  /// For each dimension how many choices it has; 0: it is a number.
  explicit gp_kernel(std::vector<std::uint64_t> choices, bool warps = false);

  Eigen::Index dimensions() const noexcept { return static_cast<Eigen::Index>(choices_.size()); }
  bool is_choice(Eigen::Index dimension) const { return choices_[static_cast<std::size_t>(dimension)] != 0; }
  bool warps() const noexcept { return warps_; }

  // What is learned is one vector of logarithms: the lengths; the signal's variance; the noise's; of the warping its
  // two exponents for each dimension.
  Eigen::Index parameters() const noexcept { return dimensions() * (warps_ ? 3 : 1) + 2; }
  Eigen::Index signal() const noexcept { return dimensions(); }
  Eigen::Index noise() const noexcept { return dimensions() + 1; }
  Eigen::Index first_exponent(Eigen::Index dimension) const noexcept { return dimensions() + 2 + dimension; }
  Eigen::Index second_exponent(Eigen::Index dimension) const noexcept { return 2 * dimensions() + 2 + dimension; }

  // Features: columns whose squared distance is that of the points. A choice has one for each of its values.
  Eigen::Index features() const noexcept { return static_cast<Eigen::Index>(owners_.size()); }
  Eigen::Index owner(Eigen::Index feature) const { return owners_[static_cast<std::size_t>(feature)]; }
  points features_of(const points& x, const vector& theta) const; ///< Before they are divided by the lengths.
  vector inverse_lengths(const vector& theta) const;              ///< By feature.
  double slope_of_warp(Eigen::Index dimension, double u, const vector& theta) const;

  /// How a dimension's feature changes with the logarithms of its exponents, at each point.
  struct warp_slopes {
    vector by_first;
    vector by_second;
  };
  warp_slopes slopes_by_exponents(const points& x, Eigen::Index dimension, const vector& theta) const;

  /// sqrt(5) times the distances of features that were divided by the lengths.
  static Eigen::MatrixXd distances(const points& a, const points& b);
  static Eigen::MatrixXd correlation(const Eigen::MatrixXd& distances);
  /// (5/3) (1 + t) exp(-t): by which a squared distance's slope is multiplied.
  static Eigen::MatrixXd steepness(const Eigen::MatrixXd& distances);

private:
  std::vector<std::uint64_t> choices_;
  std::vector<Eigen::Index> owners_;
  bool warps_;
};

} // namespace tune
