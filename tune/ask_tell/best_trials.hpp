#pragma once

#include <vector>

#include "tune/ask_tell/ask_tell_messages.hpp"
#include "tune/objective.hpp"

namespace tune {

/// The best of those that were added. One objective: one trial, the first of equal ones. Several: all that no other
/// dominates (is nowhere worse and somewhere better), by the first objective and then by number.
class best_trials {
public:
  static constexpr std::size_t most = 10'000; ///< Of several objectives; the rest of the front is not kept.

  explicit best_trials(std::vector<objective> objectives) : objectives_(std::move(objectives)) {}

  /// One with a result that is no finite number is never the best.
  void add(const ask_tell::candidate& next);
  const std::vector<ask_tell::candidate>& front() const noexcept { return front_; }

private:
  /// Nowhere worse.
  bool is_as_good(const ask_tell::numbers& a, const ask_tell::numbers& b) const;

  std::vector<objective> objectives_;
  std::vector<ask_tell::candidate> front_;
};

} // namespace tune
