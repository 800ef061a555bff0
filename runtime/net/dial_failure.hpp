#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/tls_session.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <variant>

namespace runtime {

/// Why one attempt to connect came to nothing.
struct dial_failure {
  struct system {
    int error_number;
  };                   ///< TCP did not connect.
  struct no_answer {}; ///< Its time was over.
  struct handshake {
    handshake_failure why;
  };
  struct peer {
    std::string words;
  }; ///< After TLS: what BASP says.
  std::variant<system, no_answer, handshake, peer> what;
};

/// What is known of an attempt that is under way: told by the thread of the sockets, asked by whoever dialled.
class dial_attempt {
public:
  explicit dial_attempt(std::size_t choice = 0) : token_choice(choice) {}
  const std::size_t token_choice; ///< Which of our tokens is shown, see tls_session.
  void failed(dial_failure why);  ///< The first cause stays: later ones follow from it.
  std::optional<dial_failure> failure() const;

private:
  mutable std::mutex mutex_;
  std::optional<dial_failure> failure_;
};

/// The cause in words for people, and what a program may make of it. `waited` is how long the answer was waited for.
error describe(const dial_failure& failure, std::chrono::milliseconds waited);

/// For the accepting side's log.
const char* describe_stranger(handshake_failure why);

std::string duration_text(std::chrono::milliseconds length); ///< "5 s", "200 ms".

} // namespace runtime
