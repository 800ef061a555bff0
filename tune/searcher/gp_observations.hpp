#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <Eigen/Core>

namespace tune {

/// What a Gaussian process has seen. However many trials there were, it keeps few of them, as a proposal costs the
/// square of their number and a fit the cube: the best, the newest, and a sample of the rest.
class gp_observations {
public:
  using key = std::uint64_t; ///< Ascends with the trial's number.

  static constexpr std::size_t most = 250;
  static constexpr std::size_t most_best = 100;
  static constexpr std::size_t most_newest = 50;
  static constexpr std::size_t most_pending = 64; ///< The newest.

  struct standing {
    enum class kind { valued, infeasible, failed } how = kind::failed; ///< Best first.
    double value = 0;                                                  ///< The loss, or the violation.

    friend bool operator<(const standing& a, const standing& b) {
      return std::tie(a.how, a.value) < std::tie(b.how, b.value);
    }
  };
  struct observation {
    key which = 0;
    std::vector<double> units; ///< As they were proposed, so that others can be found near them.
    Eigen::VectorXd point;
    standing how;
  };
  using shared = std::shared_ptr<const observation>;
  using list = std::vector<shared>; ///< By key.

  explicit gp_observations(std::uint64_t seed) : seed_(seed) {}

  void add(key which, std::vector<double> units, Eigen::VectorXd point); ///< Pending from now on.
  void end(key which, standing how);                                     ///< Only of pending ones.
  void forget(key which);                                                ///< Only of pending ones.

  std::size_t ended() const noexcept { return ended_; }
  list chosen() const;                ///< Of those that have ended.
  list best(std::size_t count) const; ///< The best first.
  std::vector<Eigen::VectorXd> pending() const;

  /// Losses for a model: NaN of those that failed. Those that violate constraints are worse than all that do not, the
  /// more the worse; if all do, it is the violation that counts.
  static std::vector<double> losses_of(const list& some);

private:
  using ranked = std::pair<standing, key>;

  void release(key which);

  std::uint64_t seed_;
  std::size_t ended_ = 0;
  std::map<key, std::shared_ptr<observation>> pending_;
  struct kept {
    shared what;
    int holders = 0; ///< In how many of the lists it is.
  };
  std::map<key, kept> kept_;
  std::set<ranked> best_;
  std::set<key> newest_;
  std::set<std::pair<std::uint64_t, key>> sampled_; ///< By a number drawn for each.
};

} // namespace tune
