#include "tune/value.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tune/vocabulary.hpp"

using tune::failure;
using tune::value;

namespace {

template <class T>
std::string why_not(const value& x) {
  try {
    static_cast<void>(x.as<T>());
  } catch (const failure& why) {
    return why.what();
  }
  return "it is";
}

} // namespace

TEST_CASE("value: types are kept, and differ") {
  CHECK(value(1).is_integer());
  CHECK(value(1u).is_integer());
  CHECK(value(1.0).is_number());
  CHECK_FALSE(value(1.0).is_integer());
  CHECK(value(true).is_truth());
  CHECK(value("x").is_text());
  CHECK(value(value::list{1}).is_list());
  CHECK(value(1) != value(1.0));
  CHECK(value(1) != value(true));
  CHECK(value("1") != value(1));
  CHECK(value() == value(0));
}

TEST_CASE("value: an integer is read as a number, and nothing else as anything else") {
  CHECK(value(3).as<int>() == 3);
  CHECK(value(3).as<double>() == 3.0);
  CHECK(value(2.5).as<float>() == 2.5f);
  CHECK(value("x").as<std::string>() == "x");
  CHECK(value(value::list{1, "a"}).as<value::list>().size() == 2);
  CHECK(why_not<int>(2.0) == "2.0 is not an integer");
  CHECK(why_not<double>(true) == "true is not a number");
  CHECK(why_not<bool>(1) == "1 is not true or false");
  CHECK(why_not<std::string>(1) == "1 is not a text");
  CHECK(why_not<value::list>("a") == "\"a\" is not a list");
}

TEST_CASE("value: an integer that the wanted type cannot hold is refused") {
  CHECK(why_not<std::int8_t>(128) == "128 is not an integer of this type: it is out of its range");
  CHECK(why_not<unsigned>(-1) == "-1 is not an integer of this type: it is out of its range");
  CHECK(value(255).as<std::uint8_t>() == 255);
  CHECK(value(INT64_MAX).as<std::uint64_t>() == static_cast<std::uint64_t>(INT64_MAX));
  CHECK(value(INT64_MIN).as<std::int64_t>() == INT64_MIN);
}

TEST_CASE("value: numbers are compared bit by bit, so that NaN equals itself") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(value(nan) == value(nan));
  CHECK(value(0.0) != value(-0.0));
}

TEST_CASE("value: a total order, with NaN after all numbers") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<value> all = {nan, 2.0, 1, "b", true, "a", 1.0, -5, value::list{1}};
  std::sort(all.begin(), all.end());

  CHECK(all == std::vector<value>{-5, 1, 1.0, 2.0, nan, true, "a", "b", value::list{1}});
}

TEST_CASE("value: arithmetic sees numbers, truth as 0 and 1, and the rest as NaN") {
  CHECK(value(3).to_number() == 3);
  CHECK(value(2.5).to_number() == 2.5);
  CHECK(value(true).to_number() == 1);
  const double none = value("3").to_number();
  CHECK(none != none);
}

TEST_CASE("value: as JSON") {
  const auto inf = std::numeric_limits<double>::infinity();
  std::ostringstream out;
  out << value(value::list{1, 1.0, 0.1, true, "q\"", value::list{}, inf});
  CHECK(out.str() == R"([1,1.0,0.1,true,"q\"",[],null])");
  CHECK(to_json(value("\xff")) == "\"\xef\xbf\xbd\""); // What is no UTF-8 is replaced, not thrown.
}
