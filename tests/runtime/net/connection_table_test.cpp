#include "runtime/net/connection_table.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

using runtime::connection_table;
using ending = connection_table::ending;
using origin = connection_table::origin;

namespace {

/// Pairs of connected sockets.
struct sockets {
  explicit sockets(int count) : ends(static_cast<std::size_t>(count)) {
    for (auto& two : ends)
      REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, two.ends) == 0);
  }
  ~sockets() {
    for (const auto& two : ends)
      for (const int end : two.ends)
        ::close(end);
  }
  sockets(const sockets&) = delete;
  sockets& operator=(const sockets&) = delete;

  int operator[](std::size_t i) const { return ends[i].ends[0]; }
  bool is_open(std::size_t i) const {
    char byte;
    return ::recv(ends[i].ends[1], &byte, 1, 0) < 0 && errno == EAGAIN;
  }
  struct pair {
    int ends[2];
  };
  std::vector<pair> ends;
};

} // namespace

TEST_CASE("connection table: when one stranger too many comes, the oldest is ended") {
  const sockets all(3);
  connection_table table(/*most_strangers=*/2);

  const auto first = table.enter(all[0], origin::accepted);
  table.enter(all[1], origin::accepted);
  table.enter(all[2], origin::accepted);

  CHECK_FALSE(all.is_open(0));
  CHECK(all.is_open(1));
  CHECK(all.is_open(2));
  CHECK(table.strangers() == 2);
  CHECK(table.why_ended(first) == ending::crowded_out);
}

TEST_CASE("connection table: our own dials are never crowded out, nor do they expire") {
  const sockets all(3);
  connection_table table(/*most_strangers=*/1);

  const auto dialled = table.enter(all[0], origin::dialled);
  table.enter(all[1], origin::accepted);
  table.enter(all[2], origin::accepted);
  table.expire(dialled);

  CHECK(all.is_open(0));
}

TEST_CASE("connection table: a stranger expires, who has proved the token does not") {
  const sockets all(2);
  connection_table table(/*most_strangers=*/8);
  const auto slow = table.enter(all[0], origin::accepted);
  const auto honest = table.enter(all[1], origin::accepted);
  table.prove(honest, "10.0.0.1", 4000);

  table.expire(slow);
  table.expire(honest);

  CHECK_FALSE(all.is_open(0));
  CHECK(table.why_ended(slow) == ending::too_slow);
  CHECK(all.is_open(1));
  CHECK(table.why_ended(honest) == ending::none);
  CHECK(table.strangers() == 0);
}

TEST_CASE("connection table: a ticket that has left ends nobody, even when its socket's number is used again") {
  const sockets all(1);
  connection_table table(/*most_strangers=*/8);
  const auto gone = table.enter(all[0], origin::accepted);
  table.leave(gone);
  table.enter(all[0], origin::accepted);

  table.expire(gone);
  table.end(gone);

  CHECK(all.is_open(0));
}

TEST_CASE("connection table: a proved connection is ended by its other end's address and port") {
  const sockets all(3);
  connection_table table(/*most_strangers=*/8);
  table.prove(table.enter(all[0], origin::accepted), "10.0.0.1", 4000);
  table.prove(table.enter(all[1], origin::accepted), "10.0.0.1", 4001);
  table.prove(table.enter(all[2], origin::dialled), "10.0.0.2", 4000);

  CHECK(table.end("10.0.0.1", 4000) == 1);
  CHECK(table.end("10.0.0.1", 4000) == 0); // It is ended already.

  CHECK_FALSE(all.is_open(0));
  CHECK(all.is_open(1));
  CHECK(all.is_open(2));
}
