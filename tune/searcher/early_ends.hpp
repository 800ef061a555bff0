#pragma once

#include <cstddef>
#include <map>

#include "tune/vocabulary.hpp"

namespace tune {

/// How far trials went: whether their last results can be compared. A trial that waits for its scheduler counts for as
/// long as it waits, as most of those never go on.
class early_ends {
public:
  void on_ended(iteration_number length) {
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
    const auto length = lengths_.find(found->second);
    if (--length->second == 0)
      lengths_.erase(length);
    --all_;
    waiting_.erase(found);
  }

  std::size_t all() const noexcept { return all_; }
  /// A quarter went no further than half of the way that the longest went.
  bool are_many() const {
    if (lengths_.empty())
      return false;
    std::size_t brief = 0;
    for (auto each = lengths_.begin(); each->first * 2 <= lengths_.rbegin()->first; ++each)
      brief += each->second;
    return brief * 4 >= all_;
  }

private:
  void add(iteration_number length) {
    ++lengths_[length];
    ++all_;
  }

  std::map<iteration_number, std::size_t> lengths_; ///< How many trials went so far.
  std::map<trial_id, iteration_number> waiting_;
  std::size_t all_ = 0;
};

} // namespace tune
