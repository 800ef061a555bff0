#include "runtime/net/tcp_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>

#include <cerrno>

using namespace runtime;

namespace {

/// Waits until a socket that connects has connected or failed; its errno.
int outcome(const socket_handle& socket) {
  pollfd wait{socket.get(), POLLOUT, 0};
  ::poll(&wait, 1, 30'000);
  return pending_error(socket.get());
}

} // namespace

TEST_CASE("tcp socket: addresses in numbers are told from names") {
  CHECK(parse_address("127.0.0.1", 1)->text == "127.0.0.1");
  CHECK(parse_address("::1", 1)->text == "::1");
  CHECK(parse_address("[::1]", 1)->text == "::1");
  CHECK_FALSE(parse_address("localhost", 1));
  CHECK_FALSE(parse_address("", 1));
  CHECK_FALSE(parse_address("1.2.3.4.5", 1));
}

TEST_CASE("tcp socket: an endpoint's text has brackets where IPv6 needs them") {
  CHECK(endpoint_text("10.0.0.1", 6390) == "10.0.0.1:6390");
  CHECK(endpoint_text("head", 6390) == "head:6390");
  CHECK(endpoint_text("::1", 6390) == "[::1]:6390");
  CHECK(endpoint_text("[::1]", 6390) == "[::1]:6390");
}

TEST_CASE("tcp socket: port 0 is one that the kernel chose, and can be connected to") {
  const auto listener = listen_on("127.0.0.1", 0);
  REQUIRE(listener);
  const auto port = local_port(listener->get());

  const auto socket = start_connecting(*parse_address("127.0.0.1", port));

  CHECK(port != 0);
  REQUIRE(socket);
  CHECK(outcome(*socket) == 0);
  CHECK(remote_endpoint(socket->get()) == std::make_pair(std::string("127.0.0.1"), port));
  const auto accepted = accept_from(listener->get());
  REQUIRE(accepted);
  CHECK(remote_endpoint(accepted.get()).second == local_port(socket->get()));
  CHECK_FALSE(accept_from(listener->get())); // No second one waits.
}

TEST_CASE("tcp socket: a closed port refuses") {
  std::uint16_t port = 0;
  {
    const auto listener = listen_on("127.0.0.1", 0);
    port = local_port(listener->get());
  }

  const auto socket = start_connecting(*parse_address("127.0.0.1", port));

  CHECK((socket ? outcome(*socket) : socket.error()) == ECONNREFUSED);
}

TEST_CASE("tcp socket: no socket is inherited by a process that is started") {
  const auto listener = listen_on("127.0.0.1", 0);
  const auto socket = start_connecting(*parse_address("127.0.0.1", local_port(listener->get())));
  REQUIRE(outcome(*socket) == 0);
  const auto accepted = accept_from(listener->get());

  for (const int each : {listener->get(), socket->get(), accepted.get()})
    CHECK((::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("tcp socket: a port in use says what to do") {
  const auto first = listen_on("127.0.0.1", 0);
  const auto port = local_port(first->get());

  const auto second = listen_on("127.0.0.1", port);

  REQUIRE_FALSE(second);
  CHECK(second.error() == error{errc::already_exists, "port " + std::to_string(port) +
                                                        " is in use on 127.0.0.1; choose another, or 0 for "
                                                        "any"});
}
