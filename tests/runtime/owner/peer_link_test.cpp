#include "runtime/owner/peer_link.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runtime::errc;
using runtime::instant;
using runtime::peer_link;
using order = runtime::peer_link::order;

namespace {

const instant start{1s};
const runtime::error refused{errc::unreachable, "connection refused"};

} // namespace

TEST_CASE("peer link: it is dialled once when it is wanted, and greeted when it is linked") {
  peer_link link({});

  CHECK(link.want(start) == order::dial);
  CHECK(link.want(start) == order::nothing);
  CHECK(link.on_linked(start) == order::say_hello);
  CHECK(link.on_linked(start) == order::nothing);
  CHECK(link.on_welcome(start));
  CHECK(!link.on_welcome(start));
  CHECK(link.is_welcome());
  CHECK(!link.wake_at());
}

TEST_CASE("peer link: hello is said again while there is no answer") {
  peer_link link({});
  (void)link.want(start);
  (void)link.on_linked(start);

  REQUIRE(link.wake_at() == start + 1s);
  CHECK(link.on_time(start + 999ms) == order::nothing);
  CHECK(link.on_time(start + 1s) == order::say_hello);
  CHECK(link.on_time(start + 1s) == order::nothing);
}

TEST_CASE("peer link: a failed dial is repeated after a pause that doubles up to its most") {
  peer_link link({});
  (void)link.want(start);
  auto now = start;
  for (const auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
    link.on_unlinked(refused, now);
    REQUIRE(link.wake_at() == now + pause);
    now += pause;
    REQUIRE(link.on_time(now) == order::dial);
  }
  CHECK(link.down_since() == start);
  CHECK(link.why_down()->message == "connection refused");
}

TEST_CASE("peer link: after a welcome the pauses begin anew") {
  peer_link link({});
  (void)link.want(start);
  link.on_unlinked(refused, start);
  (void)link.on_time(start + 100ms);
  (void)link.on_linked(start + 100ms);
  (void)link.on_welcome(start + 100ms);

  link.on_unlinked(refused, start + 5s);

  CHECK(link.down_since() == start + 5s);
  CHECK(link.wake_at() == start + 5s + 100ms);
  CHECK(link.was_welcome());
}

TEST_CASE("peer link: a peer that does not answer for 15 s is dropped, and has twice as long each time, up to 120 s") {
  peer_link link({});
  (void)link.want(start);
  auto now = start;
  for (const auto patience : {15s, 30s, 60s, 120s, 120s}) {
    (void)link.on_linked(now);
    for (const auto dropped = now + patience; now < dropped; now += 1s)
      REQUIRE(link.on_time(now) != order::drop);
    REQUIRE(link.on_time(now) == order::drop);
    CHECK(!link.wake_at());
    link.on_unlinked({errc::unreachable, "it does not answer"}, now);
    now = *link.wake_at();
    REQUIRE(link.on_time(now) == order::dial);
  }
  CHECK(link.down_since() == start);
}

TEST_CASE("peer link: a welcome ends the wait for it, and the next wait is of 15 s again") {
  peer_link link({});
  (void)link.want(start);
  (void)link.on_linked(start);
  (void)link.on_time(start + 15s);
  link.on_unlinked(refused, start + 15s);
  (void)link.on_time(start + 16s);
  (void)link.on_linked(start + 16s);
  (void)link.on_welcome(start + 17s);
  CHECK(link.on_time(start + 100s) == order::nothing);

  link.on_unlinked(refused, start + 100s);
  (void)link.on_time(start + 101s);
  (void)link.on_linked(start + 101s);

  CHECK(link.on_time(start + 115s) == order::say_hello);
  CHECK(link.on_time(start + 116s) == order::drop);
}
