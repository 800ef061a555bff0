#include "runtime/node/frame_stream.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

TEST_CASE("frame stream: a frame is 4 bytes of length, little endian, then its content") {
  frame_writer writer;

  writer.add(std::string(258, 'x'));

  CHECK(writer.waiting() == std::string("\x02\x01\0\0", 4) + std::string(258, 'x'));
}

TEST_CASE("frame stream: frames come out as they went in, however the stream is cut") {
  for_each_seed(300, [](seed s) {
    random_stream random(s);
    std::vector<std::string> sent, heard;
    frame_writer writer;
    frame_reader reader(/*max_frame_bytes=*/200);

    while (sent.size() < 100 || !writer.waiting().empty()) {
      if (sent.size() < 100 && random.chance(0.5)) {
        sent.emplace_back(random.below(201), static_cast<char>(random.below(256)));
        writer.add(sent.back());
      }
      const auto size = std::min<std::size_t>(writer.waiting().size(), random.below(400));
      REQUIRE(reader.read(std::string(writer.waiting().substr(0, size)), heard));
      writer.written(size);
    }

    CHECK(heard == sent);
  });
}

TEST_CASE("frame stream: a frame over the limit is refused as soon as its length is known") {
  std::vector<std::string> heard;
  const std::string wanted = "a frame of 101 bytes was announced; the limit is 100";
  SUBCASE("at once") {
    frame_reader reader(100);
    frame_writer writer;
    writer.add("first");
    const auto read = reader.read(std::string(writer.waiting()) + std::string("\x65\0\0\0", 4), heard);
    REQUIRE_FALSE(read);
    CHECK(read.error() == error{errc::too_large, wanted});
    CHECK(heard == std::vector<std::string>{"first"});
  }
  SUBCASE("byte for byte") {
    frame_reader reader(100);
    for (const char* byte : {"\x65", "\0", "\0"})
      REQUIRE(reader.read({byte, 1}, heard));
    const auto read = reader.read({"\0", 1}, heard);
    REQUIRE_FALSE(read);
    CHECK(read.error() == error{errc::too_large, wanted});
  }
}
