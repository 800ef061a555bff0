#include "runtime/owner/peer_link.hpp"

#include <algorithm>
#include <utility>

namespace runtime {

peer_link::order peer_link::want(instant now) {
  if (state_ != state::idle)
    return order::nothing;
  state_ = state::dialling;
  down_since_ = now;
  return order::dial;
}

peer_link::order peer_link::on_linked(instant now) {
  if (state_ != state::dialling)
    return order::nothing; // An answer to a dial that was given up.
  state_ = state::greeting;
  drop_at_ = now + welcome_;
  due_ = std::min(now + options_.hello_again, drop_at_);
  return order::say_hello;
}

bool peer_link::on_welcome(instant) {
  if (state_ != state::greeting)
    return false;
  state_ = state::welcome;
  due_.reset();
  down_since_.reset();
  why_down_.reset();
  pause_ = pause_.zero();
  welcome_ = options_.welcome;
  was_welcome_ = true;
  return true;
}

void peer_link::on_unlinked(error why, instant now) {
  if (state_ == state::idle || state_ == state::pausing)
    return;
  if (!down_since_)
    down_since_ = now;
  why_down_ = std::move(why);
  pause_ = pause_ == pause_.zero() ? options_.first_redial : std::min(pause_ * 2, options_.most_redial);
  state_ = state::pausing;
  due_ = now + pause_;
}

peer_link::order peer_link::on_time(instant now) {
  if (!due_ || now < *due_)
    return order::nothing;
  if (state_ == state::pausing) {
    state_ = state::dialling;
    due_.reset();
    return order::dial;
  }
  if (state_ == state::greeting && now >= drop_at_) {
    due_.reset();
    welcome_ = std::min(welcome_ * 2, 8 * options_.welcome);
    return order::drop;
  }
  if (state_ == state::greeting) {
    due_ = std::min(now + options_.hello_again, drop_at_);
    return order::say_hello;
  }
  return order::nothing;
}

} // namespace runtime
