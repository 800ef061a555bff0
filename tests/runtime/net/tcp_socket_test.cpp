#include "runtime/net/tcp_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

using namespace runtime;

namespace {

/// Waits until a socket that connects has connected or failed; its errno.
int outcome(const socket_handle& socket) {
  pollfd wait{socket.get(), POLLOUT, 0};
  ::poll(&wait, 1, 30'000);
  return pending_error(socket.get());
}

/// From now on nothing that is sent to this socket arrives, nor is acknowledged: as if its machine had lost its power.
void lose_power(const socket_handle& socket) {
  sock_filter nothing_passes{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog filter{1, &nothing_passes};
  REQUIRE(::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0);
}

} // namespace

TEST_CASE("tcp socket: a link on which nobody says anything is lost when the peer's machine has gone without a word") {
  const auto listener = listen_on("127.0.0.1", 0);
  const auto dialled = start_connecting(*parse_address("127.0.0.1", local_port(listener->get())));
  REQUIRE(dialled);
  REQUIRE(outcome(*dialled) == 0);
  const auto accepted = accept_from(listener->get());
  REQUIRE(accepted);

  const socket_handle* gone = nullptr;
  const socket_handle* stays = nullptr;
  SUBCASE("the one that was dialled") {
    gone = &accepted;
    stays = &*dialled;
  }
  SUBCASE("the one that dialled") {
    gone = &*dialled;
    stays = &accepted;
  }
  lose_power(*gone);
  limit_silence(stays->get(), std::chrono::seconds(2));

  pollfd end{stays->get(), POLLIN, 0};
  CHECK(::poll(&end, 1, /*milliseconds=*/30'000) == 1);
  CHECK(pending_error(stays->get()) == ETIMEDOUT);
}

TEST_CASE("tcp socket: a peer that takes nothing of what fills its window loses its connection after the limit") {
  const auto listener = listen_on("127.0.0.1", 0);
  const auto dialled = start_connecting(*parse_address("127.0.0.1", local_port(listener->get())));
  REQUIRE(dialled);
  REQUIRE(outcome(*dialled) == 0);
  const auto accepted = accept_from(listener->get());
  REQUIRE(accepted);
  limit_silence(dialled->get(), std::chrono::seconds(2));

  const std::string much(1u << 20, 'x');
  while (::send(dialled->get(), much.data(), much.size(), MSG_NOSIGNAL) > 0)
    continue;
  pollfd end{dialled->get(), POLLIN, 0};

  CHECK(::poll(&end, 1, /*milliseconds=*/30'000) == 1);
  CHECK(pending_error(dialled->get()) == ETIMEDOUT);
}

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
