#pragma once

#include "runtime/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace runtime {

/// A file descriptor that is closed with its owner.
class socket_handle {
public:
  socket_handle() = default;
  explicit socket_handle(int socket) : socket_(socket) {}
  socket_handle(socket_handle&& other) noexcept : socket_(other.release()) {}
  socket_handle& operator=(socket_handle&& other) noexcept;
  ~socket_handle();

  int get() const { return socket_; }
  explicit operator bool() const { return socket_ >= 0; }
  int release() { return std::exchange(socket_, -1); } ///< The caller closes it.

private:
  int socket_ = -1;
};

/// One address that a socket can connect to or listen on.
struct socket_address {
  sockaddr_storage bytes{};
  socklen_t length = 0;
  std::string text; ///< In numbers, without the port.
};

/// An address in numbers, IPv4 or IPv6, brackets or none; nothing for a name. Asks nobody.
[[nodiscard]] std::optional<socket_address> parse_address(const std::string& host, std::uint16_t port);

/// All addresses of a name, in the order in which they should be tried. May block for many seconds.
[[nodiscard]] result<std::vector<socket_address>> look_up(const std::string& host, std::uint16_t port);

/// A socket that has its port but does not listen. As long as none does, several sockets can be bound to one port: who
/// holds one keeps the port for a listener that comes later.
[[nodiscard]] result<socket_handle> bind_to(const std::string& address, std::uint16_t port);

/// A socket that accepts connections; port 0 lets the kernel choose. An empty address is every IPv4 address. Does not
/// block unless the address is a name.
[[nodiscard]] result<socket_handle> listen_on(const std::string& address, std::uint16_t port);

/// A non-blocking socket that is connecting; what it comes to, SO_ERROR tells once it is writable. The error is an
/// errno.
[[nodiscard]] tl::expected<socket_handle, int> start_connecting(const socket_address& to);

/// The next connection of a listening socket, non-blocking; nothing when none waits.
[[nodiscard]] socket_handle accept_from(int listener);

/// Loses the connection when for so long the peer's machine says nothing (what was sent stays unacknowledged, or, where
/// nothing is sent, keepalive probes do; at least 2 s for the latter), or the peer takes nothing of more than its
/// window holds: a process that stands still with so much on its way to it is lost, too, although its kernel answers.
/// One that stands still with less on its way keeps its connection, however long.
void limit_silence(int socket, std::chrono::milliseconds limit);

std::uint16_t local_port(int socket);
std::string local_address(int socket);                             ///< In numbers; empty when it has none.
std::pair<std::string, std::uint16_t> remote_endpoint(int socket); ///< ("", 0) when it is not connected.
int pending_error(int socket);                                     ///< Takes SO_ERROR.

/// "host:port", with brackets around an IPv6 address.
std::string endpoint_text(const std::string& host, std::uint16_t port);

/// The operating system's words for an errno, as part of a sentence.
std::string system_text(int error_number);

} // namespace runtime
