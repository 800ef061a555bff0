#include "tune/ask_tell/line_session.hpp"

#include <doctest/doctest.h>

#include "tests/tune/ask_tell/search_for_test.hpp"

using namespace tune;

namespace {

line_session session_of(const char* spec) {
  ask_tell_core core(search_for_test::spec_of(spec));
  ask_tell_core::step todo;
  core.on_begin("0123abcd", {}, todo);
  return line_session(std::move(core));
}

} // namespace

TEST_CASE("line session: lines come in any pieces, and the last may lack its newline") {
  auto session = session_of("x: {grid: [1, 2, 3]}");

  session.on_bytes("{\"as");
  CHECK(session.next({}).is_empty());
  session.on_bytes("k\": 1}\r\n\n  \n{\"ask\": 1}\n{\"ask\"");
  const auto first = session.next({});
  CHECK(first.text == "{\"trial\":1,\"config\":{\"x\":1}}\n{\"trial\":2,\"config\":{\"x\":2}}\n");
  CHECK(first.records.size() == 2);
  CHECK(session.next({}).is_empty());
  session.on_bytes(": 1}");
  CHECK(session.next({}).is_empty());
  session.on_end_of_input();
  CHECK(session.next({}).text == "{\"trial\":3,\"config\":{\"x\":3}}\n");
  CHECK(session.lines() == 5);
  CHECK(session.errors() == 0);
}

TEST_CASE("line session: a line that is longer than any is refused as a whole, and the next is answered") {
  auto session = session_of("x: {grid: [1, 2, 3]}");

  for (int i = 0; i < 20; ++i)
    session.on_bytes(std::string(1u << 20, 'x'));
  CHECK(session.next({}).is_empty());
  session.on_bytes("x\n{\"ask\": 1}\n");

  CHECK(session.next({}).text == "{\"error\":\"it is longer than 16777216 bytes\",\"line\":1}\n"
                                 "{\"trial\":1,\"config\":{\"x\":1}}\n");
  CHECK(session.errors() == 1);
}

TEST_CASE("line session: of much that is asked for, a part is given at a time") {
  auto session = session_of("x: {uniform: [0, 1]}");
  std::string lines;
  for (int i = 0; i < 10; ++i)
    lines += "{\"ask\": 100000}\n";

  session.on_bytes(lines);

  CHECK(session.next({}).records.size() <= 200'000);
  CHECK(session.lines() <= 2);
}

TEST_CASE("line session: bytes that are no UTF-8 are an error, and are answered in UTF-8") {
  auto session = session_of("x: {uniform: [0, 1]}");

  session.on_bytes("{\"\xff\": 1}\n{\"tell\": {\"trial\": 1, \"value\": \"\xc3\x28\"}}\n");

  CHECK(session.next({}).text == "{\"error\":\"it is no JSON; use for example {\\\"ask\\\": 1}\",\"line\":1}\n"
                                 "{\"error\":\"it is no JSON; use for example {\\\"ask\\\": 1}\",\"line\":2}\n");
}
