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

connection_table::proof link(const std::string& address, std::uint16_t port, const std::string& token = "old",
                             const std::string& binding = "b") {
  return {address, port, token, binding};
}

/// A ring in which that token is the only one.
runtime::token_ring only(const std::string& fingerprint) {
  return runtime::token_ring(runtime::good_token(runtime::cluster_token{}, fingerprint));
}

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
  table.prove(honest, link("10.0.0.1", 4000));

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
  table.prove(table.enter(all[0], origin::accepted), link("10.0.0.1", 4000));
  table.prove(table.enter(all[1], origin::accepted), link("10.0.0.1", 4001));
  table.prove(table.enter(all[2], origin::dialled), link("10.0.0.2", 4000));

  CHECK(table.end("10.0.0.1", 4000) == 1);
  CHECK(table.end("10.0.0.1", 4000) == 0); // It is ended already.

  CHECK_FALSE(all.is_open(0));
  CHECK(all.is_open(1));
  CHECK(all.is_open(2));
}

TEST_CASE(
  "connection table: links of tokens that are not good are ended, those of strangers and of good ones are not") {
  const sockets all(4);
  connection_table table(/*most_strangers=*/8);
  table.prove(table.enter(all[0], origin::accepted), link("10.0.0.1", 4000, "old"));
  table.prove(table.enter(all[1], origin::dialled), link("10.0.0.1", 4001, "old"));
  table.prove(table.enter(all[2], origin::accepted), link("10.0.0.1", 4002, "new"));
  table.enter(all[3], origin::accepted);

  CHECK(table.end_others_than(only("new")) == 2);
  CHECK(table.end_others_than(only("new")) == 0);

  CHECK_FALSE(all.is_open(0));
  CHECK_FALSE(all.is_open(1));
  CHECK(all.is_open(2));
  CHECK(all.is_open(3)); // Its handshake will tell.
}

TEST_CASE("connection table: a link that was vouched for counts as one of the newer token") {
  const sockets all(3);
  connection_table table(/*most_strangers=*/8);
  const auto ours = table.enter(all[0], origin::dialled);
  table.prove(ours, link("10.0.0.1", 4000, "old", "b1"));
  table.prove(table.enter(all[1], origin::accepted), link("10.0.0.2", 4000, "old", "b2"));
  table.prove(table.enter(all[2], origin::accepted), link("10.0.0.3", 4000, "old", "b3"));

  REQUIRE(table.dialled_without("new").size() == 1);
  CHECK(table.dialled_without("new")[0].who == ours);
  CHECK(table.dialled_without("new")[0].known.binding == "b1");
  CHECK(table.dialled_without("old").empty());
  table.vouch(ours, "new");
  CHECK(table.vouch("b2", "new"));

  CHECK(table.dialled_without("new").empty());
  CHECK(table.end_others_than(only("new")) == 1);
  CHECK_FALSE(all.is_open(2));
}

TEST_CASE("connection table: nobody vouches for a link that is not there, not proved, ended, or dialled from here") {
  const sockets all(3);
  connection_table table(/*most_strangers=*/8);
  table.enter(all[0], origin::accepted);
  table.prove(table.enter(all[1], origin::dialled), link("10.0.0.1", 4000, "old", "b1"));
  const auto ended = table.enter(all[2], origin::accepted);
  table.prove(ended, link("10.0.0.2", 4000, "old", "b2"));
  table.end(ended);

  CHECK_FALSE(table.vouch("", "new"));
  CHECK_FALSE(table.vouch("b1", "new"));
  CHECK_FALSE(table.vouch("b2", "new"));
  CHECK_FALSE(table.vouch("b3", "new"));
}
