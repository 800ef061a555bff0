#include "runtime/package/sha256.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

const std::string of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

} // namespace

TEST_CASE("sha256: what is printed can be read again") {
  const auto digest = or_throw(parse_sha256(of_abc));

  CHECK(to_hex(digest) == of_abc);
  CHECK(fmt::format("{}", digest) == of_abc);
  CHECK(digest.value[0] == 0xba);
  CHECK(digest.value[31] == 0xad);
}

TEST_CASE("sha256: its bytes are what messages carry") {
  const auto digest = or_throw(parse_sha256(of_abc));

  CHECK(digest.bytes().size() == 32);
  CHECK(or_throw(sha256_from_bytes(digest.bytes())) == digest);
  CHECK(sha256_from_bytes("abc").error() == error{errc::invalid_argument, "a SHA-256 has 32 bytes, not 3"});
  CHECK_FALSE(sha256_from_bytes(std::string(33, 'x')));
}

TEST_CASE("sha256: compares by its bytes, and all zero names nothing") {
  const auto small = or_throw(parse_sha256("00" + std::string(61, '0') + "1"));
  const auto large = or_throw(parse_sha256("01" + std::string(62, '0')));

  CHECK(small < large);
  CHECK(small != large);
  CHECK(small);
  CHECK_FALSE(sha256{});
  CHECK(std::hash<sha256>{}(small) != std::hash<sha256>{}(large));
}

TEST_CASE("sha256: what is none is refused") {
  CHECK(parse_sha256("xyz").error() ==
        error{errc::invalid_argument, "\"xyz\" is no SHA-256; it has 64 of the digits 0-9 and a-f"});
  CHECK_FALSE(parse_sha256(""));
  CHECK_FALSE(parse_sha256(of_abc.substr(1)));
  CHECK_FALSE(parse_sha256(of_abc + "0"));
  CHECK_FALSE(parse_sha256("BA" + of_abc.substr(2))); // Two texts for one digest would be two directories.
  CHECK_FALSE(parse_sha256("g" + of_abc.substr(1)));
}
