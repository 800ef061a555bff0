#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"

namespace runtime {

struct attachment_options {
  std::chrono::nanoseconds first_pause = std::chrono::milliseconds(20); ///< Between two look-ups; doubles.
  std::chrono::nanoseconds most_pause = std::chrono::seconds(1);
};

/// Follows an actor that somebody else owns: finds it through the head, reaches it at its node, and finds it again
/// when it was lost, until it is alive elsewhere or dead.
class attachment_core {
public:
  struct find_actor {};
  struct dial_node {
    std::string host;
    std::uint16_t port = 0;
  };
  struct attach { ///< At the node that was dialled last.
    work_key work;
    actor_id actor;
  };
  struct is_alive {
    actor_record record;
  };
  struct is_restarting {
    error why;
  };
  struct has_ended {
    result<void> how;
  }; ///< Last.
  using action = std::variant<find_actor, dial_node, attach, is_alive, is_restarting, has_ended>;
  using actions = std::vector<action>; ///< To be performed in this order.

  /// `name` is for messages.
  attachment_core(std::string name, attachment_options options) : name_(std::move(name)), options_(options) {}

  actions on_begin(instant now);
  actions on_found(actor_record record, instant now);
  actions on_not_found(error why, instant now); ///< not_found ends it; anything else is tried again.
  actions on_dialled(instant now);
  actions on_dial_failed(instant now);
  actions on_attached(instant now);
  actions on_refused(instant now); ///< By the node: it is not there (any more).
  actions on_lost(error why, instant now);
  actions on_time(instant now); ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const noexcept { return due_; }

private:
  enum class state { finding, pausing, dialling, attaching, alive, ended };
  actions try_again(instant now);
  actions end(result<void> how);

  std::string name_;
  attachment_options options_;
  state state_ = state::pausing;
  std::optional<actor_record> record_;
  std::optional<instant> due_;
  std::chrono::nanoseconds pause_{0};
};

} // namespace runtime
