#include "runtime/base/short_text.hpp"

#include "runtime/base/describe_exception.hpp"
#include "runtime/base/utf8.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

using runtime::describe_exception;
using runtime::is_utf8;
using runtime::most_text_bytes;
using runtime::short_text;

TEST_CASE("short text: what is short and valid stays as it is") {
  CHECK(short_text("").empty());
  CHECK(short_text("two\nlines, na\xC3\xAFve") == "two\nlines, na\xC3\xAFve");
  CHECK(short_text(std::string(most_text_bytes, 'x')) == std::string(most_text_bytes, 'x'));
}

TEST_CASE("short text: bytes that are no UTF-8 are replaced, the words around them stay") {
  CHECK(short_text("bad \xFF\xFE file") == "bad \xEF\xBF\xBD\xEF\xBF\xBD file");
  CHECK(short_text("cut \xE2\x82") == "cut \xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("short text: what is too long is cut between two characters and says how much is missing") {
  CHECK(short_text(std::string(200, 'x'), 100) == std::string(52, 'x') + "… (148 more bytes)");
  CHECK(short_text("x" + std::string(100, '\xFF'), 100) == "x" + [] {
    std::string replaced;
    for (int i = 0; i < 17; ++i)
      replaced += "\xEF\xBF\xBD";
    return replaced;
  }() + "… (83 more bytes)");

  std::string wide;
  for (int i = 0; i < 100; ++i)
    wide += "\xE2\x82\xAC";
  for (std::size_t most = 64; most < 200; ++most) {
    const auto cut = short_text(wide, most);
    CHECK(is_utf8(cut));
    CHECK(cut.size() <= most);
    CHECK(short_text(cut, most) == cut);
  }
}

TEST_CASE("describe exception: whatever a user throws can be sent") {
  const auto told = [](auto thrown) { return describe_exception(std::make_exception_ptr(thrown)); };

  CHECK(told(std::runtime_error("\xFF!")) == "std::runtime_error: \xEF\xBF\xBD!");
  CHECK(told(std::string("\xFF")) == "\xEF\xBF\xBD");
  CHECK(told(static_cast<const char*>("\xFF")) == "\xEF\xBF\xBD");
  CHECK(told(std::runtime_error(std::string(1u << 20, 'x'))).size() <= most_text_bytes);
  CHECK(told(7) == "an exception of type int");
}
