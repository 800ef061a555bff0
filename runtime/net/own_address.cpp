#include "runtime/net/own_address.hpp"

#include "runtime/net/tcp_socket.hpp"

namespace runtime {
namespace {

constexpr std::uint16_t any_port = 9;          // A datagram socket that connects only chooses a route.
constexpr const char* somewhere = "192.0.2.1"; // Reserved for documentation (RFC 5737): never a neighbour.

} // namespace

bool is_wildcard(const std::string& host) {
  const auto numbers = parse_address(host, any_port);
  return numbers && (numbers->text == "0.0.0.0" || numbers->text == "::");
}

std::string own_address_towards(const std::string& host) {
  const auto to = look_up(host.empty() ? somewhere : host, any_port);
  if (to)
    for (const auto& address : *to) {
      const socket_handle socket(::socket(address.bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      if (socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.length) == 0)
        if (auto own = local_address(socket.get()); !own.empty())
          return own;
    }
  return "127.0.0.1";
}

} // namespace runtime
