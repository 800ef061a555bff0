#include "runtime/net/dial_failure.hpp"

#include "runtime/base/overloaded.hpp"
#include "runtime/net/tcp_socket.hpp"

#include <fmt/format.h>

#include <cerrno>

namespace runtime {
namespace {

error describe_handshake(handshake_failure why) {
  switch (why) {
  case handshake_failure::wrong_token:
    return {errc::permission_denied,
            "it refused our token, or is not a caf-tune cluster; use that cluster's token file with --token-file"};
  case handshake_failure::not_tls:
    return {errc::incompatible, "what listens there is not a caf-tune cluster; check host and port"};
  case handshake_failure::closed:
  case handshake_failure::other: break;
  }
  return {errc::unreachable, "it ended the connection during the handshake; is it a caf-tune cluster?"};
}

error describe_system(int error_number) {
  if (error_number == ECONNREFUSED)
    return {errc::unreachable, "connection refused; is it running there, on this port?"};
  if (error_number == ECONNRESET || error_number == EPIPE) // It was connected.
    return describe_handshake(handshake_failure::closed);
  return {errc::unreachable, system_text(error_number)};
}

} // namespace

void dial_attempt::failed(dial_failure why) {
  std::lock_guard guard(mutex_);
  if (!failure_)
    failure_ = std::move(why);
}

std::optional<dial_failure> dial_attempt::failure() const {
  std::lock_guard guard(mutex_);
  return failure_;
}

error describe(const dial_failure& failure, std::chrono::milliseconds waited) {
  return std::visit(overloaded{
                      [](const dial_failure::system& f) { return describe_system(f.error_number); },
                      [&](const dial_failure::no_answer&) {
                        return error{errc::timed_out,
                                     fmt::format("no answer within {}; is the address right, and no firewall between?",
                                                 duration_text(waited))};
                      },
                      [](const dial_failure::handshake& f) { return describe_handshake(f.why); },
                      [](const dial_failure::peer& f) {
                        return error{errc::unreachable, f.words};
                      },
                    },
                    failure.what);
}

const char* describe_stranger(handshake_failure why) {
  switch (why) {
  case handshake_failure::wrong_token: return "it has another token, or none";
  case handshake_failure::not_tls: return "it does not speak TLS";
  case handshake_failure::closed: return "it left during the handshake";
  case handshake_failure::other: break;
  }
  return "its handshake makes no sense";
}

std::string duration_text(std::chrono::milliseconds length) {
  return length.count() % 1000 == 0 ? fmt::format("{} s", length.count() / 1000) : fmt::format("{} ms", length.count());
}

} // namespace runtime
