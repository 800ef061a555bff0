#include "runtime/base/utf8.hpp"

#include <doctest/doctest.h>

using runtime::is_utf8;
using runtime::utf8_character_bytes;

TEST_CASE("utf8: a text says how many bytes its first character takes") {
  CHECK(utf8_character_bytes("") == 0);
  CHECK(utf8_character_bytes("ab") == 1);
  CHECK(utf8_character_bytes("\xC3\xBCx") == 2);
  CHECK(utf8_character_bytes("\xE2\x82\xAC") == 3);
  CHECK(utf8_character_bytes("\xF0\x9F\x98\x80") == 4);
}

TEST_CASE("utf8: what no encoder writes is not valid") {
  CHECK(is_utf8("gr\xC3\xB6\xC3\x9F"
                "er \xE2\x82\xAC \xF4\x8F\xBF\xBF"));
  for (const char* wrong : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF",
                            "ok\xE2\x82", "\xE2\x28\xA1"})
    CHECK_FALSE(is_utf8(wrong));
}

TEST_CASE("utf8: what is not valid is made valid, byte by byte") {
  CHECK(runtime::made_utf8("gr\xC3\xB6") == "gr\xC3\xB6");
  CHECK(runtime::made_utf8("a\xFF\xFE"
                           "b") == "a\xEF\xBF\xBD\xEF\xBF\xBD"
                                   "b");
}
