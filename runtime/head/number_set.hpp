#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace runtime {

/// A set of numbers that only grows and is nearly without gaps, kept as its intervals. With more than max_intervals the
/// lowest gap counts as full: what is so old must not come to life again.
class number_set {
public:
  static constexpr std::size_t max_intervals = 100'000;

  void insert(std::uint64_t n) {
    if (contains(n))
      return;
    auto next = intervals_.upper_bound(n);
    auto last = n;
    if (next != intervals_.end() && next->first == n + 1) {
      last = next->second;
      next = intervals_.erase(next);
    }
    if (next != intervals_.begin())
      if (const auto before = std::prev(next); before->second + 1 == n) {
        before->second = last;
        return;
      }
    intervals_.emplace_hint(next, n, last);
    if (intervals_.size() > max_intervals) {
      const auto second = std::next(intervals_.begin());
      intervals_.begin()->second = second->second;
      intervals_.erase(second);
    }
  }

  bool contains(std::uint64_t n) const {
    const auto next = intervals_.upper_bound(n);
    return next != intervals_.begin() && std::prev(next)->second >= n;
  }

  std::size_t intervals() const noexcept { return intervals_.size(); }

private:
  std::map<std::uint64_t, std::uint64_t> intervals_; ///< First to last.
};

} // namespace runtime
