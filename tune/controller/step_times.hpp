#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace tune {

/// The median of an experiment's newest steps, from which the default deadline of a step comes.
class step_times {
public:
  using duration = std::chrono::nanoseconds;

  void add(duration step);
  bool empty() const noexcept { return newest_.empty(); }
  duration median() const; ///< Of at most the newest 101; zero if there are none.

private:
  static constexpr std::size_t most = 101;
  std::vector<duration> newest_; ///< A ring.
  std::size_t next_ = 0;
  mutable std::vector<duration> sorting_;
  mutable duration median_{};
  mutable bool is_known_ = false;
};

} // namespace tune
