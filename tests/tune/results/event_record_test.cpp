#include "tune/results/event_record.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("event record: length, its checksum, the message, its checksum") {
  std::string record;
  append_event(record, 1.5, 300, {{"loss", 0.5f}});

  // Event{wall_time: 1.5, step: 300, summary: {value: {tag: "loss", simple_value: 0.5}}}
  const std::string message = {0x09, 0,    0,    0,    0,   0,   0,   '\xf8', 0x3f, 0x10, '\xac', 0x02, 0x2a, 0x0d,
                               0x0a, 0x0b, 0x0a, 0x04, 'l', 'o', 's', 's',    0x15, 0,    0,      0,    0x3f};
  REQUIRE(record.size() == event_header_bytes + message.size() + event_footer_bytes);
  CHECK(record.substr(event_header_bytes, message.size()) == message);
  CHECK(event_length(record) == message.size());
  CHECK(event_length(record.substr(1)) == std::numeric_limits<std::uint64_t>::max());
  CHECK(event_length("short") == std::numeric_limits<std::uint64_t>::max());
}
