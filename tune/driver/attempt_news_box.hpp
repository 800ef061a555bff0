#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "tune/controller/runner_pool.hpp"
#include "tune/trial/attempt_messages.hpp"

namespace tune {

/// What attempts tell from many threads, until the controller takes it: all of it at once, so that where trials are
/// short it wakes once for many.
class attempt_news_box {
public:
  using news = std::pair<attempt_key, attempt_event>;

  /// True: it was empty, so whoever takes is to be told.
  [[nodiscard]] bool add(attempt_key key, attempt_event event) {
    std::lock_guard guard(mutex_);
    all_.emplace_back(key, std::move(event));
    return all_.size() == 1;
  }
  /// In the order in which they came.
  std::vector<news> take() {
    std::lock_guard guard(mutex_);
    return std::exchange(all_, {});
  }

private:
  std::mutex mutex_;
  std::vector<news> all_;
};

} // namespace tune
