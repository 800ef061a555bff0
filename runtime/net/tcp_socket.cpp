#include "runtime/net/tcp_socket.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <system_error>
#include <unistd.h>

namespace runtime {
namespace {

std::string without_brackets(const std::string& host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    return host.substr(1, host.size() - 2);
  return host;
}

std::string numeric_text(const sockaddr* address, socklen_t length) {
  char host[NI_MAXHOST];
  if (::getnameinfo(address, length, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  return host;
}

tl::expected<std::vector<socket_address>, int> addresses_of(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  if (const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failure != 0)
    return tl::unexpected<int>(failure);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);
  std::vector<socket_address> all;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    socket_address one;
    std::memcpy(&one.bytes, entry->ai_addr, entry->ai_addrlen);
    one.length = entry->ai_addrlen;
    one.text = numeric_text(entry->ai_addr, entry->ai_addrlen);
    all.push_back(std::move(one));
  }
  return all;
}

error listen_error(const std::string& address, std::uint16_t port, int error_number) {
  switch (error_number) {
  case EADDRINUSE:
    return {errc::already_exists,
            fmt::format("port {} is in use on {}; choose another, or 0 for any", port, address)};
  case EACCES:
    return {errc::permission_denied,
            fmt::format("port {} is not for everybody; choose one from 1024, or 0 for any", port)};
  case EADDRNOTAVAIL:
    return {errc::invalid_argument,
            fmt::format("{} is not an address of this machine; use one that is, or none to listen on all", address)};
  default:
    return {errc::io, fmt::format("cannot listen on {}: {}", endpoint_text(address, port), system_text(error_number))};
  }
}

} // namespace

socket_handle& socket_handle::operator=(socket_handle&& other) noexcept {
  socket_handle old(std::exchange(socket_, other.release()));
  return *this;
}

socket_handle::~socket_handle() {
  if (socket_ >= 0)
    ::close(socket_);
}

std::optional<socket_address> parse_address(const std::string& host, std::uint16_t port) {
  auto found = addresses_of(without_brackets(host), port, AI_NUMERICHOST);
  if (!found || found->empty() || host.empty())
    return std::nullopt;
  return std::move(found->front());
}

result<std::vector<socket_address>> look_up(const std::string& host, std::uint16_t port) {
  auto found = addresses_of(without_brackets(host), port, AI_ADDRCONFIG);
  if (!found) // Machines whose only address is their loopback's have "no" address for AI_ADDRCONFIG.
    found = addresses_of(without_brackets(host), port, 0);
  if (!found)
    return fail(errc::not_found,
                fmt::format("the name {} has no address: {}", host,
                            found.error() == EAI_SYSTEM ? system_text(errno) : ::gai_strerror(found.error())));
  return std::move(*found);
}

result<socket_handle> bind_to(const std::string& address, std::uint16_t port) {
  const std::string where = address.empty() ? "0.0.0.0" : address;
  auto at = parse_address(where, port);
  if (!at) {
    auto found = look_up(where, port);
    if (!found)
      return fail(std::move(found.error()));
    at = std::move(found->front());
  }
  socket_handle socket(::socket(at->bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  // A head that restarts must get its port although its predecessor's connections are still in TIME_WAIT.
  if (socket)
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at->bytes), at->length) != 0)
    return fail(listen_error(where, port, errno));
  return socket;
}

result<socket_handle> listen_on(const std::string& address, std::uint16_t port) {
  auto socket = bind_to(address, port);
  if (socket && ::listen(socket->get(), SOMAXCONN) != 0)
    return fail(listen_error(address.empty() ? "0.0.0.0" : address, port, errno));
  return socket;
}

tl::expected<socket_handle, int> start_connecting(const socket_address& to) {
  socket_handle socket(::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket)
    return tl::unexpected<int>(errno);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.length) != 0 && errno != EINPROGRESS)
    return tl::unexpected<int>(errno);
  return socket;
}

socket_handle accept_from(int listener) {
  socket_handle socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  const int on = 1;
  if (socket)
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void limit_silence(int socket, std::chrono::milliseconds limit) {
  const auto ms = static_cast<unsigned>(limit.count());
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
  // The timeout above needs data on its way: without probes an idle link never notices that a machine lost its power.
  const int on = 1;
  const auto seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(limit).count());
  const int idle = std::max(1, seconds / 3);
  const int every = 1;
  const int probes = std::max(1, (seconds - idle) / every); // Linux counts by the timeout above where that is set.
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

std::uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string local_address(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return {};
  return numeric_text(reinterpret_cast<const sockaddr*>(&address), length);
}

std::pair<std::string, std::uint16_t> remote_endpoint(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    return {};
  const auto port = address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                                  : reinterpret_cast<const sockaddr_in&>(address).sin_port;
  return {numeric_text(reinterpret_cast<const sockaddr*>(&address), length), ntohs(port)};
}

int pending_error(int socket) {
  int failure = 0;
  socklen_t length = sizeof failure;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
    return errno;
  return failure;
}

std::string endpoint_text(const std::string& host, std::uint16_t port) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  return bare_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string system_text(int error_number) {
  auto text = std::generic_category().message(error_number);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])))
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

} // namespace runtime
