#pragma once

#include "runtime/base/instant.hpp"
#include "runtime/net/token_ring.hpp"

#include <chrono>
#include <optional>
#include <variant>
#include <vector>

namespace runtime {

struct token_learner_options {
  std::chrono::nanoseconds first_repeat = std::chrono::seconds(1); ///< Of a question without answer; doubles each time.
  std::chrono::nanoseconds most_repeat = std::chrono::seconds(8);
  std::chrono::nanoseconds keep_again = std::chrono::seconds(30); ///< After the token file could not be written.
};

/// A node's or driver's part in changing tokens: asks the head on each link for what it has, learns what is newer, and
/// says what it has learned. Answers come again whenever the head's tokens change.
class token_learner_core {
public:
  struct ask {};   ///< The head, with what is known here.
  struct learn {}; ///< From now on the ring of the event is good; then it is to be kept, and on_kept() told.
  struct keep {};  ///< The token file is to be written once more, and on_kept() told.
  struct ignore {  ///< For the log: the head's tokens are not ours to learn.
    std::string why;
  };
  using action = std::variant<ask, learn, keep, ignore>;
  using actions = std::vector<action>; ///< To be performed in this order.

  /// `known`: what the token file holds.
  token_learner_core(const token_ring& known, token_learner_options options)
    : options_(options),
      cluster_(known.knows_cluster() ? known.cluster() : std::string()),
      generation_(known.generation()) {}

  actions on_head_linked(instant now);
  void on_head_lost();
  actions on_answer(const token_ring& told, instant now);
  actions on_kept(bool is_kept, instant now);
  actions on_time(instant now); ///< Too early or twice: changes nothing.
  std::optional<instant> wake_at() const;

  std::uint64_t generation() const { return generation_; }
  bool was_answered() const { return was_answered_; } ///< By the head, on this link.

private:
  ask ask_now(instant now);

  token_learner_options options_;
  std::string cluster_; ///< Empty: not known.
  std::uint64_t generation_;
  bool is_linked_ = false;
  bool was_answered_ = false;
  std::optional<instant> ask_at_; ///< Nothing: no answer is awaited.
  std::chrono::nanoseconds repeat_{0};
  std::optional<instant> keep_at_;
};

} // namespace runtime
