#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "tune/callback/callback_event.hpp"

namespace tune {

/// The events that wait for callbacks: so many at most. What comes while it is full is dropped and counted, but for the
/// experiment's end, which is always taken.
class callback_backlog {
public:
  explicit callback_backlog(std::size_t most) : most_(most) {}

  enum class added {
    waits,
    dropped_first, ///< The first of all: somebody should be told.
    dropped,
  };
  added add(callback_event what);
  std::optional<callback_event> take(); ///< The oldest.

  std::size_t size() const noexcept { return waiting_.size(); }
  std::uint64_t dropped() const noexcept { return dropped_; }
  std::uint64_t heard_of() const noexcept { return heard_of_; } ///< Dropped ones, too.

private:
  std::size_t most_;
  std::deque<callback_event> waiting_;
  std::uint64_t dropped_ = 0;
  std::uint64_t heard_of_ = 0;
};

} // namespace tune
