#pragma once

#include "runtime/net/liveness_frame.hpp"
#include "runtime/net/tcp_socket.hpp"
#include "runtime/net/tls_session.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace runtime {

/// One end of a liveness link: frames in and out of a non-blocking socket. Either end; never waits.
class liveness_connection {
public:
  enum class state { shaking_hands, open, lost };

  /// `token_choice`: see tls_session.
  liveness_connection(socket_handle socket, std::shared_ptr<const tls_context> context, tls_session::side side,
                      std::size_t token_choice = 0);

  /// Takes what the socket has, after whatever epoll said of it; calls `on_frame` for each frame. Garbage loses it.
  state drive(const std::function<void(const liveness_frame&)>& on_frame);
  /// Sends as much as the socket takes, and keeps the rest. False: lost, or the peer has not read for too long.
  bool send(const liveness_frame& frame);

  bool wants_to_write() const { return !out_.empty(); } ///< Then drive() is to be called when it is writable, too.
  int socket() const { return socket_.get(); }
  state is() const { return state_; }
  const char* why_lost() const { return why_lost_; }          ///< For the log.
  bool has_proved_token() const { return has_proved_token_; } ///< It did, even if it is lost now.
  const tls_session& session() const { return session_; }

private:
  void lose(const char* why);
  void read(const std::function<void(const liveness_frame&)>& on_frame);
  void flush();

  socket_handle socket_;
  tls_session session_;
  state state_ = state::shaking_hands;
  liveness_bytes in_{};
  std::size_t received_ = 0; ///< Bytes of in_.
  std::string out_;
  const char* why_lost_ = "";
  bool has_proved_token_ = false;
};

} // namespace runtime
