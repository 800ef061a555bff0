#pragma once

#include <vector>

#include <Eigen/Core>

namespace tune {

/// The covariance matrix of a CMA-ES with what is needed of its eigenvectors; or only a diagonal, for many dimensions.
class cma_covariance {
public:
  enum class form { full, diagonal };

  cma_covariance(Eigen::Index dimensions, form which); ///< The identity.
  /// Of a diagonal form, the diagonal.
  cma_covariance(const Eigen::MatrixXd& start, form which);

  Eigen::Index dimensions() const { return lengths_.size(); }
  form which() const { return form_; }

  Eigen::VectorXd spread(const Eigen::VectorXd& z) const;   ///< Standard normal numbers as the matrix has them.
  Eigen::VectorXd whitened(const Eigen::VectorXd& y) const; ///< The opposite; its length is Mahalanobis'.

  double deviation(Eigen::Index i) const { return deviations_[i]; }
  const Eigen::VectorXd& lengths() const { return lengths_; } ///< Of the ellipsoid's axes.
  Eigen::VectorXd axis(Eigen::Index i) const;                 ///< Of length 1.
  bool is_finite() const;

  struct part {
    Eigen::VectorXd direction;
    double weight; ///< May be negative.
  };
  /// The matrix times `kept`, and the parts.
  void update(double kept, const std::vector<part>& parts);

private:
  void decompose();

  form form_;
  Eigen::MatrixXd matrix_;
  Eigen::MatrixXd axes_; ///< Of a diagonal form none.
  Eigen::VectorXd diagonal_;
  Eigen::VectorXd lengths_;
  Eigen::VectorXd deviations_;
};

} // namespace tune
