#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "runtime/base/result.hpp"

namespace runtime {

/// A callback that somebody waits for: it is called exactly once. Whoever has the answer calls it; if nobody has by the
/// time its last copy goes, as in a mailbox that nobody reads any more, that calls it with what `unanswered` gives.
/// Copies are the same callback; one thread at a time uses them.
template <class T>
class owed_answer {
public:
  using callback = std::function<void(result<T>)>;

  owed_answer() = default;
  owed_answer(std::nullptr_t) {}
  template <class Callback, class = std::enable_if_t<std::is_invocable_v<Callback&, result<T>>>>
  owed_answer(Callback then) : owed_answer(callback(std::move(then)), nullptr) {}
  owed_answer(callback then, std::function<error()> unanswered) {
    if (then)
      owed_ = std::make_shared<debt>(std::move(then), std::move(unanswered));
  }

  /// Whether it is still to be called.
  explicit operator bool() const noexcept { return owed_ && owed_->then; }

  /// The second call of a callback does nothing.
  void operator()(result<T> answer) const {
    if (owed_)
      owed_->settle(std::move(answer));
  }

private:
  struct debt {
    debt(callback c, std::function<error()> u) : then(std::move(c)), unanswered(std::move(u)) {}
    debt(const debt&) = delete;
    debt& operator=(const debt&) = delete;
    ~debt() {
      if (then)
        settle(fail(unanswered ? unanswered() : error{errc::cancelled, "the owner of this work has ended"}));
    }
    void settle(result<T> answer) {
      if (const auto once = std::exchange(then, nullptr))
        once(std::move(answer));
    }
    callback then;
    std::function<error()> unanswered;
  };

  std::shared_ptr<debt> owed_;
};

} // namespace runtime
