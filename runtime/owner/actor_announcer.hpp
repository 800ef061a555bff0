#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/head/actor_record.hpp"

namespace runtime {

struct announcer_options {
  std::chrono::nanoseconds gathers_for = std::chrono::milliseconds(50); ///< Changes of actors without a name.
  /// To tell it again on a new link: longer than a link can be broken without anybody's noticing.
  std::chrono::nanoseconds remembers_dead_for = std::chrono::seconds(12);
};

/// What the head is told of an owner's actors. Changes of named ones go at once; those of the others, which nobody
/// looks for, are gathered, so that thousands of short lives a second are a few messages.
class actor_announcer {
public:
  explicit actor_announcer(announcer_options options) : options_(options) {}

  void on_change(actor_record record, instant now);
  /// What is to be told now. Ask only while there is a link.
  std::vector<actor_record> take_due(instant now);
  void on_new_link(instant now); ///< All is told again: the head may be another, and the last words may be lost.
  std::optional<instant> wake_at() const noexcept { return due_; } ///< Means nothing while there is no link.

private:
  struct known {
    actor_record record;
    bool told = false; ///< As it is now.
    bool ever_told = false;
  };
  void forget_dead(instant now);
  void be_due(instant when);

  announcer_options options_;
  std::map<actor_id, known> actors_;
  std::vector<actor_id> changed_;
  std::deque<std::pair<instant, actor_id>> dead_; // Told, in the order of telling.
  std::optional<instant> due_;
};

} // namespace runtime
