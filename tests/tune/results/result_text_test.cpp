#include "tune/results/result_text.hpp"

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/value/json_text.hpp"

#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

using namespace tune;

namespace {

std::string json(const value& x) {
  std::string text;
  append_json(text, x);
  return text;
}

std::string csv(const value& x) {
  std::string text;
  append_csv(text, x);
  return text;
}

std::string fields(const named_values& values) {
  std::string text;
  append_json_fields(text, values);
  return text;
}

} // namespace

TEST_CASE("result text: JSON keeps the types of values") {
  CHECK(json(1) == "1");
  CHECK(json(1.0) == "1.0");
  CHECK(json(-0.1) == "-0.1");
  CHECK(json(1e300) == "1e+300");
  CHECK(json(true) == "true");
  CHECK(json(NAN) == "null");
  CHECK(json(-INFINITY) == "null");
  CHECK(json("a\"b\\\n") == R"("a\"b\\\n")");
  CHECK(json("\xff") == "\"\xef\xbf\xbd\"");
  CHECK(json(value::list{1, "x", value::list{}}) == R"([1, "x", []])");
  CHECK(fields({{"a", 1}, {"b", "x"}}) == R"("a": 1, "b": "x")");
  CHECK(fields({{"a/b", 1}}) == R"("a":{"b":1})");
  CHECK(fields({}).empty());
}

TEST_CASE("result text: CSV is quoted where it has to be") {
  CHECK(csv(1) == "1");
  CHECK(csv(0.25) == "0.25");
  CHECK(csv(2.0) == "2.0");
  CHECK(csv(NAN) == "nan");
  CHECK(csv(-INFINITY) == "-inf");
  CHECK(csv(false) == "false");
  CHECK(csv("plain text") == "plain text");
  CHECK(csv("a,b") == "\"a,b\"");
  CHECK(csv("say \"no\"\n") == "\"say \"\"no\"\"\n\"");
  CHECK(csv(value::list{1, 2}) == "\"[1, 2]\"");
}

TEST_CASE("result text: whatever the number, it is read back as it was") {
  for_each_seed(2000, [](seed s) {
    runtime::random_stream random(s);
    const auto bits = random.next();
    double number;
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number))
      return;
    const auto back = value_from(nlohmann::ordered_json::parse(json(number)));
    REQUIRE(back);
    REQUIRE(*back == value(number));
    REQUIRE(*value_from(nlohmann::ordered_json::parse(json(static_cast<std::int64_t>(bits)))) ==
            value(static_cast<std::int64_t>(bits)));
  });
}
