#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

#include "tune/vocabulary.hpp"

namespace tune {

/// How far trials went: whether their schedulers end so many early that last results cannot be compared. A trial that
/// waits for its scheduler counts for as long as it waits, as most of those never go on; one that ran to its own end
/// is never early, however short it was.
class early_ends {
public:
  void on_completed(iteration_number length) {
    if (length <= 0)
      return; // It never reported: nothing is known of how far it went.
    ++all_;
    longest_ = std::max(longest_, length);
  }
  void on_stopped(iteration_number length) {
    if (length > 0)
      add(length);
  }
  void on_waits(trial_id trial, iteration_number length) {
    if (length > 0 && waiting_.emplace(trial, length).second)
      add(length);
  }
  void on_goes_on(trial_id trial) {
    const auto found = waiting_.find(trial);
    if (found == waiting_.end())
      return;
    const auto stop = stops_.find(found->second);
    if (--stop->second == 0)
      stops_.erase(stop);
    --all_;
    waiting_.erase(found);
  }

  std::size_t all() const noexcept { return all_; }
  /// A quarter of all was stopped, or waits, after no more than half of the way that the longest went. Takes as long as
  /// there are different lengths among those.
  bool are_many() const {
    std::size_t early = 0;
    for (auto each = stops_.begin(); each != stops_.end() && each->first * 2 <= longest_; ++each)
      early += each->second;
    return early > 0 && early * 4 >= all_;
  }

private:
  void add(iteration_number length) {
    ++stops_[length];
    ++all_;
    longest_ = std::max(longest_, length);
  }

  iteration_number longest_ = 0;
  std::map<iteration_number, std::size_t> stops_; ///< How many were stopped, or wait, after so many iterations.
  std::map<trial_id, iteration_number> waiting_;
  std::size_t all_ = 0;
};

} // namespace tune
