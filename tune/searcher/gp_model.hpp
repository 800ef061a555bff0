#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/gp_fit.hpp"
#include "tune/searcher/gp_kernel.hpp"
#include "tune/searcher/gp_observations.hpp"
#include "tune/searcher/gp_posterior.hpp"

namespace tune {

/// A Gaussian process of losses, told trial by trial: keeps of them what it can afford, and learns its parameters now
/// and then. What it says depends on what it was told, and not on when it was asked.
class gp_model {
public:
  using key = gp_observations::key;

  /// It learns from `startup` ended trials on. The kernel outlives this.
  gp_model(const gp_kernel& kernel, double least_noise, std::size_t startup, std::uint64_t seed);

  void add(key which, std::vector<double> units, Eigen::VectorXd point); ///< Pending from now on.
  void forget(key which);                                                ///< Only of pending ones.
  void end(key which, const gp_observations::standing& how);             ///< Only of pending ones.

  const gp_observations& seen() const noexcept { return seen_; }

  /// Its parameters. What is due is learned first, which takes time. Only after startup.
  const Eigen::VectorXd& parameters();
  Eigen::VectorXd lengths(); ///< Of the dimensions.
  /// `keys`: of what it imagines of pending trials. Only after startup.
  gp_posterior posterior(const chance& keys);

  /// A row for each.
  static gp_kernel::points points_of(const gp_observations::list& some, Eigen::Index dimensions);
  /// More is better, and huge, infinite and missing losses do not hide the others.
  static Eigen::VectorXd targets_of(const gp_observations::list& some);

private:
  /// What the parameters are to be learned from, once somebody asks.
  struct due_fit {
    gp_observations::list from;
    std::size_t ended;
    bool is_anew; ///< Not from where the fit before ended.
  };

  const gp_kernel& kernel_;
  gp_fit fit_;
  std::size_t startup_;
  std::uint64_t seed_;
  gp_observations seen_;
  std::vector<due_fit> due_;
  std::size_t last_due_ = 0; ///< How many trials had ended.
  std::optional<Eigen::VectorXd> theta_;
};

} // namespace tune
