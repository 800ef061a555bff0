#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "runtime/base/instant.hpp"

namespace runtime {

/// A node's link to its head: when to dial, and what may be said on it. Dials for ever, with a back-off that doubles
/// until a head has welcomed the node.
class head_link {
public:
  struct waits {
    std::chrono::nanoseconds least;
    std::chrono::nanoseconds most;
  };

  head_link(waits redial, instant now) : redial_(redial), wait_(redial.least), dial_at_(now) {}

  void on_linked() {
    state_ = state::linked;
    dial_at_.reset();
  }
  void on_welcomed() {
    if (state_ != state::linked)
      return; // From a link that is lost.
    state_ = state::welcomed;
    wait_ = redial_.least;
  }
  void on_lost(instant now) { ///< Also: the dial failed.
    if (state_ == state::closed)
      return;
    state_ = state::down;
    dial_at_ = now + wait_;
    wait_ = std::min(wait_ * 2, redial_.most);
  }
  void close() { ///< Refused, or left: never dials again.
    state_ = state::closed;
    dial_at_.reset();
  }
  /// True once when it is time to dial; then on_linked() or on_lost() follows.
  bool take_dial(instant now) {
    if (!dial_at_ || *dial_at_ > now)
      return false;
    dial_at_.reset();
    return true;
  }

  bool is_linked() const noexcept { return state_ == state::linked || state_ == state::welcomed; }
  bool is_welcomed() const noexcept { return state_ == state::welcomed; }
  bool is_closed() const noexcept { return state_ == state::closed; }
  std::optional<instant> wake_at() const noexcept { return dial_at_; }

private:
  enum class state { down, linked, welcomed, closed };
  waits redial_;
  std::chrono::nanoseconds wait_;
  state state_ = state::down;
  std::optional<instant> dial_at_;
};

} // namespace runtime
