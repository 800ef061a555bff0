#pragma once

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"

#include <optional>
#include <set>
#include <variant>
#include <vector>

namespace runtime {

/// What a connection that is refused says about the head.
enum class refusal_means {
  /// No head runs there, so nobody counts our silence: as good as an answer, and running trials outlive a head's crash.
  /// A
  /// firewall that rejects instead of dropping looks the same; then the number of the attempt alone keeps an older one
  /// out.
  nobody_counts,
  silence, ///< Nothing: the node fences itself when its head is away for longer than it may be silent.
};

struct heartbeat_sender_options {
  core_clock::duration beat_every = std::chrono::seconds(1);
  core_clock::duration fence_after = std::chrono::milliseconds(3500); ///< Less than the head's patience, see there.
  core_clock::duration reconnect_after = std::chrono::seconds(2);     ///< Without an answer on one link.
  refusal_means refusal = refusal_means::nobody_counts;
};
[[nodiscard]] result<void> validate(const heartbeat_sender_options& options); ///< Names every field out of range.

/// The node's side of liveness: when to send a heartbeat, and when the node has been silent for so long that the head
/// may be about to give its trials to others. Silence counts from when the newest answered heartbeat was *sent*:
/// whenever the head heard it, it was not earlier, so this side's count ends before the head's, however slow the link
/// is. Starts as if a heartbeat had been answered.
class heartbeat_sender_core {
public:
  struct send_heartbeat {
    instant sent;
  }; ///< Over the link that is up; the answer repeats `sent`.
  struct fence {
    core_clock::duration silence;
  };                   ///< Kill all workers, take no orders.
  struct unfenced {};  ///< Orders may be taken again.
  struct reconnect {}; ///< The link is dead, whatever TCP thinks; it counts as down now.
  using action = std::variant<send_heartbeat, fence, unfenced, reconnect>;
  using actions = std::vector<action>; ///< To be performed in this order.

  heartbeat_sender_core(const heartbeat_sender_options& options, instant now);

  actions on_link_up(instant now);
  actions on_link_down(instant now);
  /// An answer to nothing, to what was answered, or to a heartbeat so old that it lay in a broken link, changes
  /// nothing.
  actions on_answer(instant sent, instant now);
  actions on_refused(instant dialled, instant now); ///< A connection that was begun then has been refused.
  actions on_time(instant now);                     ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const;           ///< When on_time() is due next, if ever.

  bool is_fenced() const { return fenced_; }

private:
  void check_silence(instant now, actions& todo);
  void beat(instant now, actions& todo);
  void answered(instant sent);

  heartbeat_sender_options options_;
  instant answered_;             ///< When the newest answered heartbeat was sent.
  std::set<instant> unanswered_; ///< Sent, and young enough for an answer to mean something.
  bool fenced_ = false;
  bool link_is_up_ = false;
  instant next_beat_;   ///< While the link is up.
  instant quiet_since_; ///< While the link is up: its start, or when what it answered last was sent.
};

} // namespace runtime
