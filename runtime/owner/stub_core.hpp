#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/base/owed_answer.hpp"
#include "runtime/base/result.hpp"

namespace runtime {

struct stub_options {
  std::size_t most_waiting = 100'000;          ///< Calls while the actor is not alive; more are refused.
  std::size_t most_waiting_bytes = 256u << 20; ///< Of their content.
  std::size_t most_unanswered = 1'000'000;     ///< Calls of a living actor; more are refused.
  std::size_t batch_calls = 256;               ///< So many go at once, even if no reply came.
  std::size_t batch_bytes = 1u << 20;          ///< And so many bytes.
  std::chrono::nanoseconds gathers_for = std::chrono::milliseconds(1);  ///< The longest that a call waits for others.
  std::chrono::nanoseconds unsure_for = std::chrono::milliseconds(200); ///< How long the cause of a loss may take.
};

/// The calls of one caller to one remote actor: which go when, and what becomes of them when the actor is lost.
/// With nothing in flight a call goes at once. Otherwise calls gather until a reply comes, a batch is full, or the
/// oldest has waited for gathers_for: one that is answered only after another call has come is never stuck behind.
/// While the actor is not alive calls wait. Those in flight when it is lost fail: whether they ran is unknown.
class stub_core {
public:
  using reply = owed_answer<std::string>; ///< Opaque here: never called.

  struct call {
    std::uint64_t id = 0; ///< 0: no answer is wanted.
    std::string content;
  };
  struct send_calls {
    std::vector<call> calls;
  }; ///< To the handle that on_alive() was told of last.
  struct answer {
    reply to;
    result<std::string> content;
  };
  using action = std::variant<send_calls, answer>;
  using actions = std::vector<action>; ///< To be performed in this order.

  /// `name` is for messages: `the actor "hits"`.
  stub_core(std::string name, stub_options options) : name_(std::move(name)), options_(options) {}

  /// An empty reply: a message without an answer.
  void on_call(std::string content, reply to, instant now, actions& out);
  void on_alive(actions& out); ///< A new handle: what was in flight to the old one fails.
  void on_reply(std::uint64_t id, result<std::string> content, actions& out); ///< Unknown ids change nothing.
  void on_replies_end(actions& out); ///< After the last on_reply() of what came together.
  void on_node_lost(const error& why, actions& out);
  void on_handle_lost(instant now); ///< Somebody will tell why, in a moment.
  void on_restarting(const error& why, actions& out);
  void on_ended(result<void> how, actions& out);
  void on_time(instant now, actions& out); ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const noexcept;

  bool has_ended() const noexcept { return ended_.has_value(); }
  bool is_alive() const noexcept { return alive_; }
  std::size_t in_flight() const noexcept { return in_flight_.size(); }

  /// What a call is answered after the end.
  static error after_end(const std::string& name, const result<void>& how);

private:
  struct waiting {
    std::string content;
    reply to;
  };
  void flush(actions& out);
  void lose_flight(const error& why, actions& out);

  std::string name_;
  stub_options options_;
  bool alive_ = false;
  std::optional<result<void>> ended_;
  std::vector<waiting> gathered_;
  std::size_t gathered_bytes_ = 0;
  std::optional<instant> flush_at_;
  std::optional<instant> unsure_until_;
  std::map<std::uint64_t, reply> in_flight_; // In order: losses are answered in the order of the calls.
  std::uint64_t last_id_ = 0;
};

} // namespace runtime
