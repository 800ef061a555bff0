#include "tune/worker/attempt_course.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "tune/worker/reported_values.hpp"

namespace tune {
namespace {

using namespace std::chrono_literals;
using core_duration = runtime::core_clock::duration;

// A save that took s is followed by 19 s without one: at most 1/20 of the time. The same holds for waits.
constexpr int times_as_long_without = 19;
constexpr std::chrono::nanoseconds least_between_saves = 100ms; // However cheap: each is also copied and removed.

} // namespace

attempt_course::attempt_course(const attempt_order& order, instant now)
  : metrics_(order.metrics),
    policy_(order.checkpoints),
    max_iterations_(order.max_iterations),
    iteration_(order.restore ? order.restore->iteration : 0),
    time_total_s_(order.time_total_s),
    iteration_began_(now) {
  if (max_iterations_ && iteration_ >= *max_iterations_)
    end_ = attempt_end{end_cause::finished, ""};
}

result<attempt_report> attempt_course::on_report(const metrics& values, instant now) {
  CAF_TUNE_INVARIANT(!is_ending() && !awaits_answer_, "a report that is not to be counted");
  const auto checked = check_reported(values, metrics_);
  if (!checked) {
    auto why = runtime::within(fmt::format("iteration {}", iteration_ + 1), checked.error());
    on_failure(why.message);
    return fail(std::move(why));
  }
  ++iteration_;
  ++reports_;
  const auto time = std::max(now - iteration_began_, core_duration::zero());
  patience_ = time / times_as_long_without;
  const std::chrono::duration<double> took = time;
  time_total_s_ += took.count();
  awaits_answer_ = true;
  attempt_report report;
  report.iteration = iteration_;
  report.values = values;
  report.time_this_iteration_s = took.count();
  report.time_total_s = time_total_s_;
  report.done = says_done(values);
  is_last_ = report.done || (max_iterations_ && iteration_ >= *max_iterations_);
  return report;
}

void attempt_course::on_answer(attempt_answer answer, instant now) {
  if (awaits_answer_) // Else it was asked to end before its first report, or between two.
    iteration_began_ = now;
  awaits_answer_ = false;
  if (is_ending())
    return;
  switch (answer) {
  case attempt_answer::go_on:
    if (is_last_)
      end_ = attempt_end{end_cause::finished, ""};
    return;
  case attempt_answer::pause: end_ = attempt_end{end_cause::paused, ""}; return;
  case attempt_answer::stop: end_ = attempt_end{end_cause::stopped, ""}; return;
  }
}

void attempt_course::on_failure(std::string why) {
  if (!is_ending())
    end_ = attempt_end{end_cause::threw, std::move(why)};
  else if (end_->why.empty())
    end_->why = "after its end was decided: " + why;
}

void attempt_course::on_save_failure(std::string why) {
  end_ = attempt_end{end_cause::threw, std::move(why)};
}

void attempt_course::on_no_restore(error why) {
  const bool may_be_read_later = why.code == runtime::errc::io || why.code == runtime::errc::permission_denied;
  end_ = attempt_end{may_be_read_later ? end_cause::unreadable_checkpoint : end_cause::bad_checkpoint,
                     std::move(why.message)};
}

void attempt_course::on_return() {
  if (!is_ending())
    end_ = attempt_end{end_cause::finished, ""};
}

bool attempt_course::wants_checkpoint(instant now) const {
  if (reports_ == 0 || has_failed() || saved_ == iteration_)
    return false; // There is no new state to save, or it cannot be trusted.
  if (awaits_answer_)
    return tried_ != iteration_ && (is_due(now) || (is_last_ && policy_.at_end));
  return is_ending() && (end_->cause == end_cause::paused || policy_.at_end);
}

bool attempt_course::is_due(instant now) const {
  if (policy_.every > 0)
    return iteration_ % policy_.every == 0;
  return !saved_at_ || now - *saved_at_ >= std::max(least_between_saves, times_as_long_without * save_took_);
}

void attempt_course::on_checkpoint(bool is_there, instant began, instant ended) {
  tried_ = iteration_;
  if (is_there)
    saved_ = iteration_;
  saved_at_ = ended;
  save_took_ = std::max(ended - began, core_duration::zero());
}

bool attempt_course::has_failed() const noexcept {
  return end_ && (end_->cause == end_cause::threw || is_about_checkpoint(end_->cause));
}

const attempt_end& attempt_course::end() const {
  CAF_TUNE_INVARIANT(is_ending(), "an attempt that goes on has no end");
  return *end_;
}

} // namespace tune
