#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/head/actor_record.hpp"

namespace runtime {

struct announcer_options {
  std::chrono::nanoseconds gathers_for = std::chrono::milliseconds(50);   ///< Changes of actors without a name.
  std::chrono::nanoseconds remembers_dead_for = std::chrono::seconds(30); ///< To tell it again on a new link.
};

/// What the head is told of an owner's actors. Changes of named ones go at once; those of the others, which nobody
/// looks for, are gathered, so that thousands of short lives a second are a few messages.
class actor_announcer {
public:
  explicit actor_announcer(announcer_options options) : options_(options) {}

  void on_change(actor_record record, instant now);
  /// What is to be told now. Nothing while there is no link.
  std::vector<actor_record> take_due(bool linked, instant now);
  void on_new_link(instant now);                                   ///< All is told again: the head may be another.
  std::optional<instant> wake_at() const noexcept { return due_; } ///< Means nothing while there is no link.

private:
  struct known {
    actor_record record;
    bool told = false; ///< In this state.
    bool ever_told = false;
    instant changed_at{};
  };
  announcer_options options_;
  std::map<actor_id, known> actors_;
  std::map<actor_id, instant> dead_; // Told dead, in actors_ still.
  std::vector<actor_id> changed_;
  std::optional<instant> due_;
};

} // namespace runtime
