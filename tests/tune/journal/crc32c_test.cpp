#include "tune/journal/crc32c.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("crc32c: the examples of RFC 3720 come out") {
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  std::string up, down;
  for (char c = 0; c < 32; ++c) {
    up += c;
    down += static_cast<char>(31 - c);
  }
  CHECK(crc32c(up) == 0x46dd794e);
  CHECK(crc32c(down) == 0x113fdb5c);
  CHECK(crc32c("123456789") == 0xe3069283);
}

TEST_CASE("crc32c: of pieces it is the same as of the whole") {
  const std::string text = "a text of some length, so that the eight tables are used";
  for (std::size_t i = 0; i <= text.size(); ++i)
    CHECK(crc32c(text.substr(i), crc32c(text.substr(0, i))) == crc32c(text));
}
