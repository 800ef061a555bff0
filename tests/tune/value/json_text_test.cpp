#include "tune/value/json_text.hpp"

#include <cmath>
#include <string>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using json = nlohmann::ordered_json;

value read(const std::string& text) {
  return or_throw(value_from(json::parse(text)));
}

} // namespace

TEST_CASE("json text: values keep their types on the way there and back") {
  for (const auto& x : {value(1), value(1.0), value(0.1), value(true), value("text"), value(INT64_MIN),
                        value(INT64_MAX), value(value::list{1, 2.5, "x", value::list{false}})})
    CHECK(read(to_json(x)) == x);
}

TEST_CASE("json text: null is NaN, and integers beyond 64 bits are numbers") {
  CHECK(std::isnan(read("null").as<double>()));
  CHECK(read("9223372036854775808") == value(9223372036854775808.0));
  CHECK(read("-9223372036854775808") == value(INT64_MIN));
}

TEST_CASE("json text: an object is no value") {
  CHECK(value_from(json::parse(R"({"a":1})")).error().message ==
        R"({"a":1} is not a number, text, truth value or list)");
  CHECK_FALSE(value_from(json::parse(R"([1,{}])")));
}

TEST_CASE("json text: nested objects are names with slashes") {
  const auto values = or_throw(values_from(json::parse(R"({"lr":0.1,"net":{"depth":3,"act":{"first":"relu"}}})")));

  CHECK(values == named_values{{"lr", 0.1}, {"net/depth", 3}, {"net/act/first", "relu"}});
  CHECK(to_json(values) == R"({"lr":0.1,"net":{"depth":3,"act":{"first":"relu"}}})");
}

TEST_CASE("json text: what is no object of values is refused with its place") {
  CHECK(values_from(json::parse("[1]")).error().message == "[1] is not an object");
  CHECK(values_from(json::parse(R"({"net":{"list":[{}]}})")).error().message ==
        R"("net/list": {} is not a number, text, truth value or list)");
}

TEST_CASE("json text: a name that is a value and a group loses neither") {
  CHECK(json_of(named_values{{"a", 1}, {"a/b", 2}}).dump() == R"({"a":1,"a/b":2})");
}
