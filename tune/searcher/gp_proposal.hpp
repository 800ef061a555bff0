#pragma once

#include <optional>
#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/acquisition.hpp"
#include "tune/searcher/gp_space.hpp"
#include "tune/searcher/sobol_sequence.hpp"
#include "tune/searcher/trust_region.hpp"

namespace tune {

/// Looks for the point with the greatest expected improvement in a mixed space: many points at once, of which the most
/// promising are improved by turns, their numbers along the slope and their choices one by one.
class gp_proposal {
public:
  /// What it refers to outlives this.
  struct setup {
    const gp_space& space;
    const sobol_sequence& sequence; ///< Of as many dimensions.
    const acquisition& expected;
    Eigen::VectorXd lengths;               ///< Of the dimensions, as the model has them.
    std::vector<std::vector<double>> best; ///< Units of the best trials so far, the best first.
    std::optional<trust_region::box> box;  ///< Numbers outside of it are not proposed.
    std::size_t ended = 0;                 ///< Trials that the model knows: the more, the less is looked at.
    gp_space::filter may_be;               ///< Null: all.
    std::vector<Eigen::VectorXd> tried;    ///< Not proposed again, as long as there is anything else.
    chance random;
  };
  explicit gp_proposal(setup with) : with_(std::move(with)) {}

  /// Units for each dimension; none: nothing was found that can be tried.
  std::optional<std::vector<double>> find() const;

private:
  struct candidate {
    std::vector<double> units;
    gp_space::place where;
    double value = 0;
  };
  using candidates = std::vector<candidate>;

  double low(std::size_t i) const;
  double high(std::size_t i) const;
  candidates first_candidates() const;
  std::vector<double> spread(std::size_t i) const;
  std::vector<double> near_best(std::size_t i) const;
  void add(candidates& to, std::vector<double> units) const;
  void value(candidates& which) const;
  std::vector<std::size_t> starts(const candidates& all) const;
  void improve(candidate& x) const;
  bool follow_slope(candidate& x) const;
  bool exchange(candidate& x, std::size_t dimension) const;
  bool is_tried(const candidate& x) const;
  bool take_best(candidate& x, candidates alternatives) const;

  setup with_;
};

} // namespace tune
