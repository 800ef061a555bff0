#pragma once

#include <chrono>
#include <optional>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

struct peer_link_options {
  std::chrono::nanoseconds first_redial = std::chrono::milliseconds(100); ///< Doubles with each failure in a row.
  std::chrono::nanoseconds most_redial = std::chrono::seconds(2);
  std::chrono::nanoseconds hello_again = std::chrono::seconds(1); ///< While there is no answer to it.
  /// A peer that did not welcome us within this has lost the link without our being told: it is dropped and dialled
  /// again. Twice as long each time, at most eight times: it may only be slow, as many want it at once.
  std::chrono::nanoseconds welcome = std::chrono::seconds(15);
};

/// One link that its owner dials, to the head or to a node: dials when it is wanted, says hello until it is answered,
/// and dials again, after a back-off, when it is lost or nobody answers on it.
class peer_link {
public:
  enum class order { nothing, dial, say_hello, drop };

  explicit peer_link(peer_link_options options) : options_(options), welcome_(options.welcome) {}

  order want(instant now);                  ///< From now on it is kept up.
  order on_linked(instant now);             ///< The dial went well.
  bool on_welcome(instant now);             ///< True when that is news.
  void on_unlinked(error why, instant now); ///< Lost, or the dial failed.
  order on_time(instant now);               ///< Too early or twice: changes nothing. After a drop comes on_unlinked().
  std::optional<instant> wake_at() const noexcept { return due_; }

  bool is_wanted() const noexcept { return state_ != state::idle; }
  bool is_greeting() const noexcept { return state_ == state::greeting; }
  bool is_welcome() const noexcept { return state_ == state::welcome; }
  bool was_welcome() const noexcept { return was_welcome_; } ///< Ever.
  /// Since when it is not up, if it is wanted and not up.
  std::optional<instant> down_since() const noexcept { return down_since_; }
  const std::optional<error>& why_down() const noexcept { return why_down_; }

private:
  enum class state { idle, pausing, dialling, greeting, welcome };

  peer_link_options options_;
  state state_ = state::idle;
  std::optional<instant> due_;
  std::optional<instant> down_since_;
  std::optional<error> why_down_;
  std::chrono::nanoseconds pause_{0};
  std::chrono::nanoseconds welcome_;
  instant drop_at_{}; // While greeting.
  bool was_welcome_ = false;
};

} // namespace runtime
