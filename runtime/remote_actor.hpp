#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <caf/actor.hpp>
#include <caf/message.hpp>
#include <fmt/format.h>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/future.hpp"

namespace runtime {

namespace detail {

/// What a remote_actor does, behind its types.
class remote_actor_link {
public:
  virtual ~remote_actor_link() = default;
  virtual void call(const caf::message& message, std::function<void(result<caf::message>)> then) = 0;
  virtual void tell(const caf::message& message) = 0;
  virtual void on_end(std::function<void(const result<void>&)> listener) = 0;
  [[nodiscard]] virtual result<void> stop(std::chrono::milliseconds deadline) = 0;
  virtual const caf::actor& stub() const = 0;
  virtual const std::string& name() const = 0;
  virtual actor_id id() const = 0;
};

template <class Value>
[[nodiscard]] result<Value> value_of(result<caf::message> answer) {
  if (!answer)
    return fail(answer.error());
  if constexpr (std::is_void_v<Value>)
    return {};
  else if constexpr (std::is_same_v<Value, caf::message>)
    return std::move(*answer);
  else {
    if (!answer->match_elements<Value>())
      return fail(errc::invalid_argument,
                  fmt::format("the actor answered with {}, which is not what call<> asked for", to_string(*answer)));
    return std::move(answer->get_mutable_as<Value>(0));
  }
}

} // namespace detail

/// An actor on the cluster, as its driver sees it. Copies are the same actor. All functions may be called by any
/// thread. While the actor has not started yet, or starts again, calls wait. That the last copy goes does not end it:
/// an actor ends when it quits, when stop() or kill() is called, or with its driver unless it is detached.
///
/// It may outlive the runtime::cluster that it was had from: calls, stop() and kill() say errc::cancelled then, send()
/// does nothing, and on_end() has been told. Not so the handle that stub() gives: that is to go first.
/// One that was made by default stands for no actor: every function but bool throws runtime::failure.
class remote_actor {
public:
  remote_actor() = default;
  explicit remote_actor(std::shared_ptr<detail::remote_actor_link> link) : link_(std::move(link)) {}

  /// Sends a message to the actor; its answer is a Result, or void for none that matters. Errors of the future:
  /// user_code (its handler failed, or it has none for this message), worker_lost and node_lost (the actor was lost
  /// while the call was in flight: whether it ran is unknown), cancelled (it has ended), too_large (16 MiB), refused
  /// (100,000 calls wait for it to start, or 1,000,000 for its answers).
  template <class Result = void, class... Parts>
  future<Result> call(Parts&&... parts) const {
    auto promise = std::make_shared<std::promise<result<Result>>>();
    auto value = promise->get_future();
    link().call(caf::make_message(std::forward<Parts>(parts)...), [promise](result<caf::message> answer) {
      promise->set_value(detail::value_of<Result>(std::move(answer)));
    });
    return future<Result>(std::move(value));
  }

  /// The same, with a function instead of a future: called once, on a thread of the runtime, which it must not block.
  template <class Result, class... Parts>
  void call_then(std::function<void(result<Result>)> then, Parts&&... parts) const {
    link().call(
      caf::make_message(std::forward<Parts>(parts)...),
      [then = std::move(then)](result<caf::message> answer) { then(detail::value_of<Result>(std::move(answer))); });
  }

  /// Sends a message and wants neither answer nor error. Nothing bounds how many lie at an actor that is slower: who
  /// sends many does well to call() now and then.
  template <class... Parts>
  void send(Parts&&... parts) const {
    link().tell(caf::make_message(std::forward<Parts>(parts)...));
  }

  /// A local actor that stands for it: takes any CAF message of its types, answers requests, and ends when it ends, so
  /// that monitors and links work. A copy of the handle must not outlive the cluster.
  const caf::actor& stub() const { return link().stub(); }

  /// Called once with the cause when the actor has ended for ever: on a thread of the runtime, or on this one if it
  /// has ended already. No error: it quit in good order. It must not wait for anything of the runtime, nor end it.
  void on_end(std::function<void(const result<void>&)> listener) const { link().on_end(std::move(listener)); }
  future<void> end() const; ///< The same, to wait for.

  /// Asks it to quit (caf::exit_reason::user_shutdown); its worker is killed if it has not by then. Returns before it
  /// has ended, see end(). 0 ms: killed at once. Errors: invalid_argument (a deadline below 0, or above a year),
  /// cancelled (the cluster is gone); for an actor that this driver did not spawn also those of asking the head:
  /// unreachable, timed_out, not_found.
  [[nodiscard]] result<void> stop(std::chrono::milliseconds deadline = std::chrono::seconds(10)) const {
    return link().stop(deadline);
  }
  [[nodiscard]] result<void> kill() const { return link().stop(std::chrono::milliseconds(0)); }

  const std::string& name() const { return link().name(); } ///< Empty: none.
  actor_id id() const { return link().id(); }
  explicit operator bool() const noexcept { return link_ != nullptr; }

private:
  detail::remote_actor_link& link() const {
    if (!link_)
      throw failure(
        {errc::invalid_argument, "this remote_actor stands for no actor; spawn() and find_actor() give one that does"});
    return *link_;
  }

  std::shared_ptr<detail::remote_actor_link> link_;
};

inline future<void> remote_actor::end() const {
  auto promise = std::make_shared<std::promise<result<void>>>();
  auto value = promise->get_future();
  on_end([promise](const result<void>& how) { promise->set_value(how); });
  return future<void>(std::move(value));
}

} // namespace runtime
