#pragma once

#include <chrono>
#include <string>
#include <variant>

#include "tune/trial/attempt_end.hpp"

namespace tune {

struct failure_options {
  int max_failures = 0; ///< User's errors that a trial may have before it is given up; -1: any number. As in Ray.
  int max_losses = -1;  ///< Losses by the infrastructure; -1: any number.
  /// A trial that was lost so often in a row, without a new result between, kills its nodes: it is given up.
  int most_losses_in_a_row = 5;
  std::chrono::nanoseconds first_backoff = std::chrono::milliseconds(50); ///< Before a retry; doubles each time.
  std::chrono::nanoseconds most_backoff = std::chrono::seconds(10);
  /// Of a checkpoint that cannot be read (an input error, permissions, a mount that is away): the first wait before it
  /// is tried again, which doubles up to `most_backoff`, and what all waits come to at most. Then the one before it is
  /// restored.
  std::chrono::nanoseconds first_unreadable_backoff = std::chrono::milliseconds(100);
  std::chrono::nanoseconds unreadable_patience = std::chrono::seconds(60);
};

/// How often a trial has failed, and what that means for it. The user's errors and the infrastructure's losses are
/// counted apart.
class failure_budget {
public:
  struct retry {
    std::chrono::nanoseconds after;
  };
  struct give_up {
    std::string why;
  };
  struct restore_older { ///< What was to be restored has not been readable for so long.
    std::chrono::nanoseconds waited;
  };
  using verdict = std::variant<retry, give_up, restore_older>;

  void on_progress() noexcept { in_a_row_ = losses_in_a_row_ = unreadable_in_a_row_ = 0; } ///< A new result counted.
  void on_older_restored() noexcept { unreadable_in_a_row_ = 0; } ///< Another checkpoint than before is to be read.
  void on_end(end_cause cause) noexcept;
  /// After on_end() of the same end.
  [[nodiscard]] verdict judge(const attempt_end& end, const failure_options& options) const;

  int failures() const noexcept { return failures_; }
  int losses() const noexcept { return losses_; }

private:
  [[nodiscard]] verdict judge_unreadable(const failure_options& options) const;

  int failures_ = 0;
  int losses_ = 0;
  int losses_in_a_row_ = 0;
  int unreadable_in_a_row_ = 0;
  int in_a_row_ = 0; ///< Ends of any kind without progress: how long the next one waits.
};

} // namespace tune
