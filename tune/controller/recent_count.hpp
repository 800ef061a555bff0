#pragma once

#include <chrono>
#include <cstddef>

#include "runtime/base/instant.hpp"

namespace tune {

/// How many of something there are in a window of time: of the last window that is over.
class recent_count {
public:
  static constexpr std::chrono::milliseconds window{10};

  void add(runtime::instant now) {
    turn(now);
    ++current_;
  }
  std::size_t in_last_window(runtime::instant now) {
    turn(now);
    return last_;
  }

private:
  void turn(runtime::instant now) {
    if (now < began_ + window)
      return;
    last_ = now < began_ + 2 * window ? current_ : 0; // Else there was a window with none.
    current_ = 0;
    began_ = now;
  }

  runtime::instant began_{};
  std::size_t current_ = 0;
  std::size_t last_ = 0;
};

} // namespace tune
