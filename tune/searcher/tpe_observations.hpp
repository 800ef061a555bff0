#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tune/searcher/parzen_kernels.hpp"
#include "tune/searcher/trial_standing.hpp"

namespace tune {

/// What a tree-structured Parzen estimator has seen, divided into good and bad. However many trials there were, it
/// keeps few of them: those that can still be among the good ones, the newest, and a sample of the rest. Which these
/// are does not depend on the order in which trials end.
class tpe_observations {
public:
  using key = parzen_kernels::key; ///< Ascends with the trial's number.

  static constexpr std::size_t most_newest = 256;  ///< Of the bad ones that have ended.
  static constexpr std::size_t most_sampled = 256; ///< Of the others.
  static constexpr std::size_t most_pending = 1024;

  /// Never are more than `most_good` of them good.
  tpe_observations(std::uint64_t seed, std::size_t most_good);

  void add(key which, parzen_point where); ///< Pending from now on.
  void end(key which, trial_standing how); ///< Only of pending ones.
  void forget(key which);                  ///< Only of pending ones.
  std::size_t ended() const { return ended_; }

  struct halves {
    std::vector<parzen_kernels::observation> good; ///< By key.
    std::vector<double> weights;                   ///< The prior's and those of the good ones.
    std::vector<parzen_kernels::observation> bad;  ///< By key: pending ones, too, so that they are kept clear of.
  };
  halves divide(std::size_t good) const;

private:
  struct kept {
    parzen_point where;
    trial_standing how;
    int holders = 0; ///< In how many of the lists it is.
  };
  using ranked = std::pair<trial_standing, key>;

  void release(key which);
  void keep_on_front(key which, const trial_standing& how);
  std::vector<key> best(std::size_t count) const;
  std::vector<key> best_of_several_objectives(std::size_t count) const;
  std::vector<double> weights_of(const std::vector<key>& good) const;

  std::uint64_t seed_;
  std::size_t most_good_;
  std::size_t ended_ = 0;
  std::map<key, parzen_point> pending_;
  std::map<key, kept> kept_;
  std::set<ranked> best_; ///< One more than can be good: to that one they are compared.
  std::set<key> front_;   ///< Of several objectives: those that none dominates.
  std::set<key> newest_;
  std::set<std::pair<std::uint64_t, key>> sampled_; ///< By a number drawn for each.
};

} // namespace tune
