#include "runtime/net/liveness_frame.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const liveness_frame frame{liveness_frame::kind::answer, node_id{0x0102030405060708}, incarnation{9},
                           instant{std::chrono::nanoseconds(-2)}};

} // namespace

TEST_CASE("liveness frame: what is encoded is what is decoded") {
  CHECK(decode(encode(frame)) == frame);
}

TEST_CASE("liveness frame: the bytes of version 1 are the same for ever") {
  const liveness_bytes expected{'C', 'T', 'L', 1, 2, 0, 0, 0, 8,    7,    6,    5,    4,    3,    2,    1,
                                9,   0,   0,   0, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  CHECK(encode(frame) == expected);
}

TEST_CASE("liveness frame: another format, version, kind or what should be zero is refused") {
  for (const std::size_t at : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u}) {
    auto bytes = encode(frame);
    bytes[at] = static_cast<std::uint8_t>(bytes[at] + 5);

    CHECK_FALSE(decode(bytes));
  }
}
