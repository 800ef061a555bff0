#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "runtime/owner/work_spec.hpp"

namespace runtime {

struct restart_options {
  std::chrono::nanoseconds first_delay = std::chrono::milliseconds(100); ///< After the second failure in a row.
  std::chrono::nanoseconds most_delay = std::chrono::seconds(5);
  std::chrono::nanoseconds healthy_after = std::chrono::seconds(10); ///< Such a run ends a row of failures.
  std::uint32_t most_unstarted = 20; ///< Attempts in a row of an actor that provably never started.
};

/// Why an attempt is over.
enum class attempt_failure {
  user,      ///< User code threw or said that it failed.
  system,    ///< Worker, node or lease was lost.
  unstarted, ///< As system, but certainly nothing has run.
  permanent, ///< The next attempt would fail alike: no such type, no package.
};

/// Decides whether and when a work is run again. Counts what it is told; one for each work.
/// Tasks: only losses by the system count, and only they are repeated: a user's error is an answer.
/// Actors: every failure is a restart, but an attempt that certainly never started is not counted.
class restart_policy {
public:
  restart_policy(work_kind kind, int max_restarts) : kind_(kind), max_restarts_(max_restarts) {}

  /// The delay until the next attempt, or nothing: this was the last one. The first failure in a row is repeated at
  /// once, the second after first_delay, then it doubles.
  std::optional<std::chrono::nanoseconds> on_failure(attempt_failure why, std::chrono::nanoseconds ran,
                                                     const restart_options& options);

  void restore(std::uint32_t restarts) noexcept { restarts_ = restarts; } ///< Counted by an earlier process.
  std::uint32_t restarts() const noexcept { return restarts_; }           ///< That were counted.
  int max_restarts() const noexcept { return max_restarts_; }

private:
  bool may_repeat(attempt_failure why, const restart_options& options);

  work_kind kind_;
  int max_restarts_;
  std::uint32_t restarts_ = 0;
  std::uint32_t in_a_row_ = 0;
  std::uint32_t unstarted_ = 0;
};

} // namespace runtime
