#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "runtime/base/instant.hpp"

namespace runtime {

/// A node's link to its head: when to dial, and what may be said on it. Dials for ever, with a back-off that doubles
/// until a head has welcomed the node. A head that does not do so in time has lost the link without our being told: it
/// is dropped and dialled again, after twice as long each time: it may only be slow, as many nodes want it at once.
class head_link {
public:
  struct waits {
    std::chrono::nanoseconds least;
    std::chrono::nanoseconds most;
    std::chrono::nanoseconds welcome;
  };

  head_link(waits how_long, instant now)
    : waits_(how_long),
      wait_(how_long.least),
      welcome_(how_long.welcome),
      dial_at_(now) {}

  void on_linked(instant now) {
    state_ = state::linked;
    dial_at_.reset();
    drop_at_ = now + welcome_;
  }
  void on_welcomed() {
    if (state_ != state::linked)
      return; // From a link that is lost.
    state_ = state::welcomed;
    drop_at_.reset();
    wait_ = waits_.least;
    welcome_ = waits_.welcome;
  }
  void on_lost(instant now) { ///< Also: the dial failed.
    if (state_ == state::closed)
      return;
    state_ = state::down;
    drop_at_.reset();
    dial_at_ = now + wait_;
    wait_ = std::min(wait_ * 2, waits_.most);
  }
  void close() { ///< Refused, or left: never dials again.
    state_ = state::closed;
    dial_at_.reset();
    drop_at_.reset();
  }
  /// True once when it is time to dial; then on_linked() or on_lost() follows.
  bool take_dial(instant now) {
    if (!dial_at_ || *dial_at_ > now)
      return false;
    dial_at_.reset();
    return true;
  }
  /// True once when no welcome came in time. From then on the link counts as lost.
  bool take_drop(instant now) {
    if (!drop_at_ || *drop_at_ > now)
      return false;
    on_lost(now);
    welcome_ = std::min(welcome_ * 2, 8 * waits_.welcome);
    return true;
  }

  bool is_linked() const noexcept { return state_ == state::linked || state_ == state::welcomed; }
  bool is_welcomed() const noexcept { return state_ == state::welcomed; }
  bool is_closed() const noexcept { return state_ == state::closed; }
  std::optional<instant> wake_at() const noexcept { return dial_at_ ? dial_at_ : drop_at_; }

private:
  enum class state { down, linked, welcomed, closed };
  waits waits_;
  std::chrono::nanoseconds wait_;
  std::chrono::nanoseconds welcome_;
  state state_ = state::down;
  std::optional<instant> dial_at_;
  std::optional<instant> drop_at_; // Only while linked and not welcomed.
};

} // namespace runtime
