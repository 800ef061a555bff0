#include "runtime/owner/restart_policy.hpp"

#include <algorithm>

namespace runtime {

std::optional<std::chrono::nanoseconds> restart_policy::on_failure(attempt_failure why, std::chrono::nanoseconds ran,
                                                                   const restart_options& options) {
  if (ran >= options.healthy_after)
    in_a_row_ = 0;
  if (!may_repeat(why, options))
    return std::nullopt;
  ++in_a_row_;
  if (in_a_row_ == 1)
    return std::chrono::nanoseconds(0);
  const auto doublings = std::min<std::uint32_t>(in_a_row_ - 2, 30);
  return std::min(options.first_delay * (std::int64_t{1} << doublings), options.most_delay);
}

bool restart_policy::may_repeat(attempt_failure why, const restart_options& options) {
  const bool is_task = kind_ == work_kind::task;
  switch (why) {
  case attempt_failure::permanent: return false;
  case attempt_failure::user:
    if (is_task)
      return false;
    break;
  case attempt_failure::unstarted:
    if (is_task)
      break;
    ++unstarted_;
    return unstarted_ <= options.most_unstarted;
  case attempt_failure::system: break;
  }
  unstarted_ = 0;
  if (max_restarts_ >= 0 && restarts_ >= static_cast<std::uint32_t>(max_restarts_))
    return false;
  ++restarts_;
  return true;
}

} // namespace runtime
