#include "runtime/net/heartbeat_sender_core.hpp"

#include "runtime/base/invariant.hpp"

#include <algorithm>

namespace runtime {

result<void> validate(const heartbeat_sender_options& options) {
  std::string wrong;
  const auto check = [&](bool holds, const char* text) {
    if (!holds)
      wrong += (wrong.empty() ? "" : "; ") + std::string(text);
  };
  check(options.beat_every > options.beat_every.zero(), "beat_every must be more than 0");
  check(options.reconnect_after > options.beat_every, "reconnect_after must be more than beat_every");
  check(options.fence_after > options.beat_every, "fence_after must be more than beat_every");
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

heartbeat_sender_core::heartbeat_sender_core(const heartbeat_sender_options& options, instant now)
  : options_(options),
    answered_(now) {
  const auto valid = validate(options);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
}

heartbeat_sender_core::actions heartbeat_sender_core::on_link_up(instant now) {
  actions todo;
  check_silence(now, todo);
  link_is_up_ = true;
  quiet_since_ = now;
  beat(now, todo);
  return todo;
}

heartbeat_sender_core::actions heartbeat_sender_core::on_link_down(instant now) {
  actions todo;
  check_silence(now, todo);
  link_is_up_ = false;
  return todo;
}

heartbeat_sender_core::actions heartbeat_sender_core::on_answer(instant sent, instant now) {
  actions todo;
  check_silence(now, todo); // First: when this process was stopped for a while, the fence was due before the answer.
  if (unanswered_.count(sent) == 0)
    return todo;
  answered(sent);
  if (fenced_) {
    fenced_ = false;
    todo.push_back(unfenced{});
  }
  return todo;
}

heartbeat_sender_core::actions heartbeat_sender_core::on_refused(instant dialled, instant now) {
  actions todo;
  check_silence(now, todo);
  // A fence stays: only a head that hears us may give orders again.
  if (options_.refusal == refusal_means::nobody_counts && !fenced_ && dialled <= now)
    answered_ = std::max(answered_, dialled);
  return todo;
}

heartbeat_sender_core::actions heartbeat_sender_core::on_time(instant now) {
  actions todo;
  check_silence(now, todo);
  if (!link_is_up_)
    return todo;
  if (now >= quiet_since_ + options_.reconnect_after) {
    // After a partition TCP waits longer and longer before it sends again; a new connection is there at once.
    link_is_up_ = false;
    todo.push_back(reconnect{});
  } else if (now >= next_beat_)
    beat(now, todo);
  return todo;
}

std::optional<instant> heartbeat_sender_core::wake_at() const {
  std::optional<instant> soonest;
  const auto consider = [&](instant when) { soonest = soonest ? std::min(*soonest, when) : when; };
  if (!fenced_)
    consider(answered_ + options_.fence_after);
  if (link_is_up_) {
    consider(next_beat_);
    consider(quiet_since_ + options_.reconnect_after);
  }
  return soonest;
}

void heartbeat_sender_core::check_silence(instant now, actions& todo) {
  unanswered_.erase(unanswered_.begin(), unanswered_.upper_bound(now - options_.fence_after));
  if (fenced_ || now < answered_ + options_.fence_after)
    return;
  fenced_ = true;
  todo.push_back(fence{now - answered_});
}

void heartbeat_sender_core::beat(instant now, actions& todo) {
  unanswered_.insert(now);
  next_beat_ = now + options_.beat_every; // From now, not from when it was due: no burst after a stop.
  todo.push_back(send_heartbeat{now});
}

void heartbeat_sender_core::answered(instant sent) {
  unanswered_.erase(unanswered_.begin(), unanswered_.upper_bound(sent)); // Older ones can tell nothing new.
  answered_ = std::max(answered_, sent);
  quiet_since_ = std::max(quiet_since_, sent);
}

} // namespace runtime
