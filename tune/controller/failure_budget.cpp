#include "tune/controller/failure_budget.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {

void failure_budget::on_end(end_cause cause) noexcept {
  if (is_users_error(cause))
    ++failures_, ++in_a_row_, unreadable_in_a_row_ = 0; // It got as far as the user's code.
  if (is_loss(cause))
    ++losses_, ++losses_in_a_row_, ++in_a_row_;
  if (cause == end_cause::unreadable_checkpoint)
    ++unreadable_in_a_row_;
}

namespace {

std::chrono::nanoseconds doubled(std::chrono::nanoseconds first, int times, std::chrono::nanoseconds most) {
  return std::min(first * (std::int64_t{1} << std::clamp(times, 0, 20)), most);
}

} // namespace

failure_budget::verdict failure_budget::judge_unreadable(const failure_options& options) const {
  std::chrono::nanoseconds waited{0};
  for (int i = 1; i < unreadable_in_a_row_ && waited <= options.unreadable_patience; ++i)
    waited += doubled(options.first_unreadable_backoff, i - 1, options.most_backoff);
  const auto next = doubled(options.first_unreadable_backoff, unreadable_in_a_row_ - 1, options.most_backoff);
  if (waited + next > options.unreadable_patience)
    return restore_older{waited};
  return retry{next};
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
      return give_up{
        fmt::format("it was lost {} times in a row without a result; the last time: {}", losses_in_a_row_, end.why)};
  }
  if (end.cause == end_cause::unreadable_checkpoint)
    return judge_unreadable(options);
  if (!is_users_error(end.cause) && !is_loss(end.cause))
    return retry{std::chrono::nanoseconds(0)}; // Nobody's fault: a driver that went, a checkpoint that was broken.
  return retry{doubled(options.first_backoff, in_a_row_ - 1, options.most_backoff)};
}

} // namespace tune
