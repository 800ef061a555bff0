#pragma once

#include <tuple>
#include <vector>

#include "tune/searcher/pareto_choice.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How a trial that has ended compares with others: the kinds are in this order, best first.
struct trial_standing {
  enum class kind {
    completed,
    stopped,    ///< Early: the longer the better, then by the last loss; NaN is the worst of those that went as far.
    infeasible, ///< Violates constraints: by how much.
    failed,     ///< Or with a loss that is no finite number: learned from, but never among the good ones.
  };
  kind how = kind::failed;
  double order = 0;            ///< Less is better: the iteration with a minus, or the violation.
  double loss = 0;             ///< Never NaN.
  losses_of_trial losses = {}; ///< Of completed ones, if there are several objectives.

  friend bool operator<(const trial_standing& a, const trial_standing& b) {
    return std::tie(a.how, a.order, a.loss) < std::tie(b.how, b.order, b.loss);
  }
};

/// What a searcher that learns keeps of a trial that runs, to say in the end how it did.
class trial_course {
public:
  void on_report(iteration_number iteration);
  void on_constraints(const std::vector<double>& violations);
  /// Not of `ignored` ones: nothing is learned from them.
  trial_standing at_end(trial_outcome how, const std::vector<double>& losses) const;

private:
  iteration_number iteration_ = 0;
  double violation_ = 0;
};

} // namespace tune
