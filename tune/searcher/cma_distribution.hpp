#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/choice_distribution.hpp"
#include "tune/searcher/cma_constants.hpp"
#include "tune/searcher/cma_covariance.hpp"
#include "tune/searcher/modelled_axes.hpp"

namespace tune {

/// Where a run of a CMA-ES begins: for each axis that is no choice a number; the covariance is of length 1.
struct cma_start {
  Eigen::VectorXd mean;
  double deviation; ///< Of all axes together [sigma].
  cma_covariance covariance;
  choice_distribution choices;
};

/// A point as the distribution drew it: one number for each axis that is no choice, which may lie outside of [0, 1],
/// before cells are told apart.
struct cma_point {
  std::vector<double> numbers;
  std::vector<std::uint32_t> choices;
};

/// The search distribution of a CMA-ES (Hansen 2016, arXiv:1604.00772), from its beginning to where it has converged:
/// a normal distribution of the numbers and cells of the axes, and one of the choices.
class cma_distribution {
public:
  /// `axes` outlive this.
  cma_distribution(const modelled_axes& axes, cma_start start, std::size_t population);

  const cma_constants& constants() const { return constants_; }
  double deviation() const { return deviation_; }
  cma_point middle() const; ///< The mean, and of each parameter the most likely choice.

  cma_point drawn(const chance& random) const;
  /// The numbers of the axes, in [0, 1], that a point stands for; and a point that stands for given ones.
  void place(const cma_point& x, std::vector<double>& axes) const;
  cma_point point_at(const std::vector<double>& axes) const;

  struct candidate {
    const cma_point* where;
    double loss;     ///< May be infinite.
    bool is_foreign; ///< Not drawn from this distribution: what it can move is limited (Hansen 2011).
    bool has_failed;
  };
  /// The candidates of a generation, the best first: of them as many as the population, or more.
  void update(const std::vector<candidate>& ranked);

  bool has_converged() const;

private:
  bool is_within(const Eigen::VectorXd& x) const;
  Eigen::VectorXd step_to(const candidate& x) const;
  void move(const std::vector<Eigen::VectorXd>& steps, const std::vector<double>& weights, bool learns_shape);
  void keep_within();
  void keep_margins();
  void remember(const std::vector<candidate>& ranked);
  std::size_t remembered() const; ///< Generations.
  bool is_flat() const;
  bool is_regular() const;
  bool is_narrow() const;
  bool is_below_rounding() const;

  const modelled_axes* axes_;
  std::vector<std::size_t> numeric_; ///< Which axes are no choices.
  std::vector<std::size_t> chosen_;  ///< And which are.
  std::vector<std::size_t> cells_;   ///< Which of the numeric ones, by their place among them.
  std::vector<bool> is_cell_;
  cma_constants constants_;
  double start_deviation_;
  double deviation_;
  Eigen::VectorXd mean_;
  Eigen::VectorXd scale_; ///< Of cells: cell_coordinate.
  cma_covariance covariance_;
  choice_distribution choices_;
  Eigen::VectorXd step_path_;
  Eigen::VectorXd path_;
  std::uint64_t generation_ = 0;
  std::deque<std::pair<double, double>> losses_; ///< The best and worst of the last generations.
};

} // namespace tune
