#include "runtime/node/head_link.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr instant start(1h);
constexpr auto patience = 15s;

head_link linked_at(instant now) {
  head_link link({100ms, 2s, patience}, now);
  link.take_dial(now);
  link.on_linked(now);
  return link;
}

} // namespace

TEST_CASE("head link: who is not welcomed in time is dropped once, and dials again after its back-off") {
  auto link = linked_at(start);

  CHECK(link.wake_at() == start + patience);
  CHECK_FALSE(link.take_drop(start + patience - 1ns));
  CHECK(link.take_drop(start + patience));
  CHECK_FALSE(link.take_drop(start + patience));
  CHECK_FALSE(link.is_linked());
  CHECK(link.wake_at() == start + patience + 100ms);
  CHECK(link.take_dial(start + patience + 100ms));
}

TEST_CASE("head link: a welcome in time keeps it") {
  auto link = linked_at(start);
  link.on_welcomed();

  CHECK_FALSE(link.wake_at());
  CHECK_FALSE(link.take_drop(start + 1h));
  CHECK(link.is_welcomed());
}

TEST_CASE("head link: each drop doubles the time for a welcome, up to eight times; a welcome makes it short again") {
  auto link = linked_at(start);
  auto now = start;
  for (const auto factor : {1, 2, 4, 8, 8}) {
    CHECK_FALSE(link.take_drop(now + factor * patience - 1ns));
    REQUIRE(link.take_drop(now + factor * patience));
    now += factor * patience + 1min;
    link.take_dial(now);
    link.on_linked(now);
  }
  link.on_welcomed();
  link.on_lost(now);
  link.on_linked(now);

  CHECK(link.take_drop(now + patience));
}

TEST_CASE("head link: a link that was lost or closed is not dropped") {
  auto lost = linked_at(start), closed = linked_at(start);
  lost.on_lost(start);
  closed.close();

  CHECK_FALSE(lost.take_drop(start + 1h));
  CHECK_FALSE(closed.take_drop(start + 1h));
  CHECK_FALSE(closed.wake_at());
}
