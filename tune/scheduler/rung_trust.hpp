#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tune/search_space.hpp"
#include "tune/searcher/gp_fit.hpp"
#include "tune/searcher/gp_kernel.hpp"
#include "tune/searcher/gp_observations.hpp"
#include "tune/searcher/gp_space.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How far the results at each of several levels, which are numbers of iterations, are to be believed about the highest
/// one with enough results: rung_weights() of a Gaussian process for each. It learns when that level has a quarter more
/// results than the last time, so that a long journal is read again in little time.
class rung_trust {
public:
  static constexpr std::size_t fewest_results = 6; ///< With fewer a level says nothing (Hyper-Tune, as in Syne Tune).

  /// Levels ascend.
  rung_trust(const search_space& space, std::vector<iteration_number> levels, std::uint64_t seed);
  rung_trust(const rung_trust&) = delete; // Its parts refer to each other.
  rung_trust& operator=(const rung_trust&) = delete;

  void on_created(trial_id trial, const config& values);
  void on_result(trial_id trial, iteration_number iteration, double loss); ///< NaN and infinite: worse than all.
  void on_end(trial_id trial);

  /// A number for each level up to the highest with enough results; they add up to 1. Empty: fewer than two have
  /// enough.
  const std::vector<double>& weights() const noexcept { return weights_; }

private:
  struct level {
    explicit level(std::uint64_t seed) : seen(seed) {}

    gp_observations seen;
    std::size_t valued = 0; ///< Results that are numbers.
    std::optional<Eigen::VectorXd> parameters;
  };
  struct course {
    std::vector<double> units;
    Eigen::VectorXd point;
    std::size_t passed = 0; ///< So many levels, from the lowest.
  };

  bool is_due();
  void learn();

  space_plan plan_;
  gp_space space_;
  gp_kernel kernel_;
  gp_fit fit_;
  std::uint64_t seed_;
  std::vector<iteration_number> iterations_;
  std::vector<level> levels_;
  std::map<trial_id, course> lives_;               ///< That have not ended.
  std::pair<std::size_t, std::size_t> learned_at_; ///< The highest level then, and its results.
  std::vector<double> weights_;
};

} // namespace tune
