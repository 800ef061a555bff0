#include "runtime/owner/attachment_core.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace runtime {

attachment_core::actions attachment_core::on_begin(instant) {
  state_ = state::finding;
  return {find_actor{}};
}

attachment_core::actions attachment_core::on_found(actor_record record, instant now) {
  if (state_ != state::finding)
    return {};
  switch (record.state) {
  case actor_state::dead: return end(tl::unexpected<error>(record.why_dead));
  case actor_state::alive: break;
  case actor_state::pending:
  case actor_state::starting:
  case actor_state::restarting: return try_again(now);
  }
  state_ = state::dialling;
  dial_node order{record.host, record.port};
  record_ = std::move(record);
  return {std::move(order)};
}

attachment_core::actions attachment_core::on_not_found(error why, instant now) {
  if (state_ != state::finding)
    return {};
  if (why.code == errc::not_found)
    return end(tl::unexpected<error>(std::move(why)));
  return try_again(now);
}

attachment_core::actions attachment_core::on_dialled(instant) {
  if (state_ != state::dialling)
    return {};
  state_ = state::attaching;
  return {attach{record_->work, record_->id}};
}

attachment_core::actions attachment_core::on_dial_failed(instant now) {
  return state_ == state::dialling ? try_again(now) : actions{};
}

attachment_core::actions attachment_core::on_attached(instant) {
  if (state_ != state::attaching)
    return {};
  state_ = state::alive;
  pause_ = pause_.zero();
  return {is_alive{*record_}};
}

attachment_core::actions attachment_core::on_refused(instant now) {
  return state_ == state::attaching ? try_again(now) : actions{};
}

attachment_core::actions attachment_core::on_lost(error why, instant now) {
  if (state_ != state::alive)
    return {};
  try_again(now);
  return {is_restarting{within(fmt::format("actor \"{}\"", name_), std::move(why))}};
}

attachment_core::actions attachment_core::on_time(instant now) {
  if (state_ != state::pausing || !due_ || now < *due_)
    return {};
  due_.reset();
  state_ = state::finding;
  return {find_actor{}};
}

attachment_core::actions attachment_core::try_again(instant now) {
  state_ = state::pausing;
  pause_ = pause_ == pause_.zero() ? options_.first_pause : std::min(pause_ * 2, options_.most_pause);
  due_ = now + pause_;
  return {};
}

attachment_core::actions attachment_core::end(result<void> how) {
  state_ = state::ended;
  due_.reset();
  return {has_ended{std::move(how)}};
}

} // namespace runtime
