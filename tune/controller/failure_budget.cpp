#include "tune/controller/failure_budget.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {

void failure_budget::on_end(end_cause cause) noexcept {
  if (is_users_error(cause))
    ++failures_, ++in_a_row_;
  if (is_loss(cause))
    ++losses_, ++losses_in_a_row_, ++in_a_row_;
}

failure_budget::verdict failure_budget::judge(const attempt_end& end, const failure_options& options) const {
  if (is_users_error(end.cause) && options.max_failures >= 0 && failures_ > options.max_failures)
    return give_up{options.max_failures == 0
                     ? end.why
                     : fmt::format("{} (failure {}, max_failures is {})", end.why, failures_, options.max_failures)};
  if (is_loss(end.cause)) {
    if (options.max_losses >= 0 && losses_ > options.max_losses)
      return give_up{fmt::format("{} (loss {}, max_losses is {})", end.why, losses_, options.max_losses)};
    if (losses_in_a_row_ >= options.most_losses_in_a_row)
      return give_up{fmt::format("it was lost {} times in a row without a result; the last time: {}",
                                 losses_in_a_row_, end.why)};
  }
  if (!is_users_error(end.cause) && !is_loss(end.cause))
    return retry{std::chrono::nanoseconds(0)}; // Nobody's fault: a driver that went, a checkpoint that was broken.
  const int doublings = std::clamp(in_a_row_ - 1, 0, 20);
  return retry{std::min(options.first_backoff * (std::int64_t{1} << doublings), options.most_backoff)};
}

} // namespace tune
