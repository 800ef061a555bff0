#pragma once

#include "runtime/net/connection_table.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_session.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <spdlog/fwd.h>

namespace runtime {

/// A link keeps the keys of the token with which it was made. When a newer token is there, whoever has dialled the link
/// vouches for it: makes another connection to the same place with the newest token, whose identity names the link by
/// its binding, and hears whether the other end knows it. From then on the link counts as one of the newest token at
/// both ends, and nothing on it was interrupted. An unknown binding means that somebody sits between the two ends, or
/// that the link is gone there: then it is ended.
///
/// A thread of its own, from the first wake() on, since it waits for answers.
class link_voucher {
public:
  link_voucher(std::shared_ptr<const tls_context> context, std::shared_ptr<connection_table> connections,
               std::shared_ptr<spdlog::logger> log);
  ~link_voucher();
  link_voucher(const link_voucher&) = delete;
  link_voucher& operator=(const link_voucher&) = delete;

  void wake(); ///< There is a newer token, or a link with an older one. Any thread, returns at once.

  // What the accepting end answers.
  static constexpr char known = 'k';
  static constexpr char unknown = 'u';
  static constexpr char later = 'l'; ///< It has a newer token than the one that was shown: learn that first.

  /// The binding that the identity of such a connection names; nothing: it is an ordinary link.
  static std::optional<std::string> binding_in(const std::string& identity);

private:
  void run();
  bool vouch_for_all(); ///< False: some are left.
  /// The other end's answer; `later` where there is none.
  char ask(const connection_table::proof& link);
  bool wait_for(int socket, short events, std::chrono::steady_clock::time_point until);

  const std::shared_ptr<const tls_context> context_;
  const std::shared_ptr<connection_table> connections_;
  const std::shared_ptr<spdlog::logger> log_;
  const socket_handle stop_; ///< An eventfd: readable when it is to end.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace runtime
