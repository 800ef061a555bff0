#pragma once

#include <chrono>
#include <future>
#include <utility>

#include "runtime/base/result.hpp"

namespace runtime {

/// A value that is on its way. One thread uses it; get() and try_get() take the value, so each of them once.
template <class T>
class future {
public:
  future() = default;
  explicit future(std::future<result<T>> value) : value_(std::move(value)) {}

  T get() { return or_throw(value_.get()); }                 ///< Waits. Throws runtime::failure with the cause.
  [[nodiscard]] result<T> try_get() { return value_.get(); } ///< Waits. Throws nothing.

  /// Whether it came within this time.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> time) const {
    return value_.wait_for(time) == std::future_status::ready;
  }
  bool valid() const noexcept { return value_.valid(); }

private:
  std::future<result<T>> value_;
};

} // namespace runtime
