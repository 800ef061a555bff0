#pragma once

#include <chrono>
#include <future>
#include <utility>

#include "runtime/base/result.hpp"

namespace runtime {

/// A value that is on its way. One thread uses it; get() and try_get() take the value, so one of them once. It may
/// outlive its cluster, whose end is an answer, too: errc::cancelled. Not to be waited for on a thread of the runtime,
/// such as in a listener of remote_actor::on_end(): that thread may be the one that brings it.
template <class T>
class future {
public:
  future() = default;
  explicit future(std::future<result<T>> value) : value_(std::move(value)) {}

  T get() { return or_throw(try_get()); } ///< Waits. Throws runtime::failure with the cause.

  /// Waits. Throws nothing. invalid_argument: it has been taken, or there never was one.
  [[nodiscard]] result<T> try_get() {
    if (!value_.valid())
      return fail(errc::invalid_argument, "this future has no value: get() and try_get() take it, and were called "
                                          "before, or it was moved from");
    return value_.get();
  }

  /// Whether get() need not wait: the value came within this time, or there is none to come.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(std::chrono::duration<Rep, Period> time) const {
    return !value_.valid() || value_.wait_for(time) == std::future_status::ready;
  }
  bool valid() const noexcept { return value_.valid(); }

private:
  std::future<result<T>> value_;
};

} // namespace runtime
