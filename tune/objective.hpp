#pragma once

#include <string>
#include <utility>

namespace tune {

enum class direction { minimize, maximize };

/// What an experiment is about: a metric that each trial reports, and whether less or more of it is better.
struct objective {
  std::string metric;
  direction better = direction::maximize;

  friend bool operator==(const objective& a, const objective& b) {
    return a.metric == b.metric && a.better == b.better;
  }
  friend bool operator!=(const objective& a, const objective& b) { return !(a == b); }
};

/// Which result of a trial stands for it when trials are compared.
enum class result_scope {
  last, ///< Its newest.
  best, ///< Its best, whenever that was.
};

inline objective maximize(std::string metric) {
  return {std::move(metric), direction::maximize};
}
inline objective minimize(std::string metric) {
  return {std::move(metric), direction::minimize};
}

/// A metric as searchers and schedulers see it, for whom less is always better; and back.
inline double to_loss(double value_of_metric, direction better) {
  return better == direction::minimize ? value_of_metric : -value_of_metric;
}

} // namespace tune
