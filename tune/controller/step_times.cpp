#include "tune/controller/step_times.hpp"

#include <algorithm>

namespace tune {

void step_times::add(duration step) {
  if (newest_.size() < most)
    newest_.push_back(step);
  else
    newest_[next_] = step;
  next_ = (next_ + 1) % most;
  // The median moves slowly: with a full ring it is found anew once in 16 steps.
  if (newest_.size() < most || next_ % 16 == 0)
    is_known_ = false;
}

step_times::duration step_times::median() const {
  if (!is_known_ && !newest_.empty()) {
    sorting_ = newest_;
    const auto middle = sorting_.begin() + static_cast<std::ptrdiff_t>(sorting_.size() / 2);
    std::nth_element(sorting_.begin(), middle, sorting_.end());
    median_ = *middle;
    is_known_ = true;
  }
  return median_;
}

} // namespace tune
