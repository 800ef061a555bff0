#pragma once

#include <cstdint>
#include <set>

namespace runtime {

/// The numbers, from 1, of works that have begun: each is given once, and a late repetition must not run it again. They
/// come nearly in order, so that only the gaps cost memory.
class settled_numbers {
public:
  static constexpr std::uint32_t most_ahead = 10'000; ///< Of the first number that has not come.

  bool may_come(std::uint32_t number) const {
    return number > below_ && number - below_ <= most_ahead && ahead_.count(number) == 0;
  }
  void add(std::uint32_t number) { ///< Must be one that may come.
    ahead_.insert(number);
    while (!ahead_.empty() && *ahead_.begin() == below_ + 1) {
      ahead_.erase(ahead_.begin());
      ++below_;
    }
  }

private:
  std::uint32_t below_ = 0; ///< All up to here have come.
  std::set<std::uint32_t> ahead_;
};

} // namespace runtime
