#include "tune/simulate/simulated_attempt.hpp"

#include "runtime/base/invariant.hpp"
#include "tune/chance.hpp"

#include <utility>

#include <fmt/format.h>

namespace tune {

simulated_attempt::simulated_attempt(const attempt_order& order, std::string node, std::unique_ptr<trial_curve> curve,
                                     costs how, instant now)
  : trial_(order.trial),
    attempt_(order.attempt),
    node_(std::move(node)),
    curve_(std::move(curve)),
    how_(how),
    course_(order, now),
    due_(now),
    save_began_(now),
    saved_(course_.iteration()),
    unsaved_since_(now) {
  if (course_.is_ending())
    doing_ = doing::ends;
  else if (order.restore) {
    doing_ = doing::restores;
    due_ = now + how_.saving;
  } else
    begin_step(now);
}

void simulated_attempt::begin_step(instant now) {
  doing_ = doing::steps;
  due_ = now + curve_->time(course_.iteration() + 1);
}

/// Drawn for each attempt anew: what has failed once may do well the next time.
bool simulated_attempt::fails(iteration_number iteration) const {
  return how_.failure_chance > 0 && chance(how_.seed, "simulated failure", trial_.value)
                                      .branch("attempt", attempt_)
                                      .branch("iteration", static_cast<std::uint64_t>(iteration))
                                      .happens(how_.failure_chance);
}

std::optional<attempt_event> simulated_attempt::on_time(instant now) {
  switch (doing_) {
  case doing::restores:
    course_.on_begin(now);
    unsaved_since_ = now;
    begin_step(now);
    return std::nullopt;
  case doing::steps: return end_step(now);
  case doing::saves_result: return with_checkpoint(std::move(*std::exchange(unsaved_, nullptr)), now);
  case doing::saves_end: return attempt_over{course_.end(), saved(now), ""};
  case doing::ends: return attempt_over{course_.end(), std::nullopt, ""};
  }
  return std::nullopt;
}

std::optional<attempt_event> simulated_attempt::end_step(instant now) {
  if (const auto iteration = course_.iteration() + 1; fails(iteration)) {
    course_.on_failure(fmt::format("iteration {} failed, as was asked for", iteration));
    return attempt_over{course_.end(), std::nullopt, ""};
  }
  auto report = course_.on_report(curve_->at(course_.iteration() + 1), now);
  if (!report) // The model leaves out a metric of the experiment's: so would such a trainable.
    return attempt_over{course_.end(), std::nullopt, ""};
  if (!how_.can_save || !course_.wants_checkpoint(now))
    return std::move(*report);
  save_began_ = now;
  if (how_.saving.count() == 0)
    return with_checkpoint(std::move(*report), now);
  unsaved_ = std::make_unique<attempt_report>(std::move(*report));
  doing_ = doing::saves_result;
  due_ = now + how_.saving;
  return std::nullopt;
}

attempt_report simulated_attempt::with_checkpoint(attempt_report report, instant now) {
  report.checkpoint = saved(now);
  return report;
}

checkpoint_ref simulated_attempt::saved(instant now) {
  course_.on_checkpoint(/*is_there=*/true, save_began_, now);
  saved_ = course_.iteration();
  unsaved_since_ = now;
  return {saved_, attempt_, node_, "", /*in_storage=*/true, 0};
}

void simulated_attempt::on_answer(attempt_answer answer, instant now) {
  course_.on_answer(answer, now);
  if (how_.can_save && course_.wants_checkpoint(now)) {
    CAF_TUNE_INVARIANT(course_.is_ending(), "only an end is saved after an answer");
    save_began_ = now;
    doing_ = doing::saves_end;
    due_ = now + how_.saving;
  } else if (course_.is_ending()) {
    doing_ = doing::ends;
    due_ = now;
  } else
    begin_step(now);
}

} // namespace tune
