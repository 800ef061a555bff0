#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/chance.hpp"
#include "tune/config.hpp"
#include "tune/searcher/learning_search.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/trial_standing.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Of options by these names.
std::vector<std::string> differential_mistakes(const char* searcher, int population, double weight, double crossover);

/// How a child is made of its parents.
struct differential_habits {
  double weight;    ///< Of the difference of two parents.
  double crossover; ///< So many numbers are the mutant's.
};

/// What differential evolution goes on from: a fixed number of members, each of which can be replaced by a trial that
/// is no worse.
class differential_population {
public:
  struct member {
    trial_standing how;
    std::vector<double> numbers;                  ///< Of the axes, as its configuration has them.
    differential_habits with;                     ///< By which it was made.
    std::optional<trial_id> trial = std::nullopt; ///< None: known from elsewhere.
  };

  explicit differential_population(std::size_t size) : size_(size) {}

  bool is_complete() const noexcept { return members_.size() >= size_; }
  std::size_t full_size() const noexcept { return size_; }
  const std::vector<member>& members() const noexcept { return members_; }
  /// Whose turn it is, of a complete one: they take turns by the trials' numbers.
  std::size_t turn_of(trial_id trial) const { return static_cast<std::size_t>(trial.value % size_); }

  // A failed one never gets in.
  void join(member which); ///< Among the first ones; or in place of the worst, if it is better.
  void challenge(std::size_t place, member which);
  void judge_anew(std::size_t place, const trial_standing& how) { members_[place].how = how; }

private:
  std::size_t size_;
  std::vector<member> members_;
};

/// What a child is made of.
struct differential_parents {
  const std::vector<double>& target;
  std::vector<const std::vector<double>*> pool; ///< For the mutant; three that are not the target.
  std::size_t own;                              ///< The target's place in the pool; or the pool's size: not in there.
  differential_habits with;
};

/// rand/1/bin (Storn and Price 1997): the mutant is one of the pool, moved by the weighted difference of two others;
/// where that lies outside of [0, 1], the number is drawn (Awad et al. 2021). The child has a share of its numbers, and
/// one at least; the others are the target's.
std::vector<double> differential_child(const differential_parents& of, const chance& random);

/// Where children are tried.
struct differential_bounds {
  const space_plan& plan;
  const modelled_axes& axes; ///< One at least.
  const design_search& design;
};

/// The trial's child, that lies in the space, was not proposed before where that matters, and is not its target again;
/// none if no such is found soon.
std::optional<config> child_to_try(const differential_bounds& bounds, const learning_search::ranks& in_batch,
                                   const differential_parents& of, std::uint64_t seed, const char* purpose,
                                   trial_id trial);

} // namespace tune
