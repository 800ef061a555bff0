#include "tune/worker/reported_values.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace tune;

namespace {

runtime::error mistake(const metrics& values, const std::vector<std::string>& wanted = {}) {
  const auto checked = check_reported(values, wanted);
  REQUIRE(!checked);
  return checked.error();
}

value nested(std::size_t depth) {
  value x = 1;
  for (std::size_t i = 0; i < depth; ++i)
    x = value::list{x};
  return x;
}

metrics many(std::size_t count) {
  metrics values;
  for (std::size_t i = 0; i < count; ++i)
    values.set(std::to_string(i), 0);
  return values;
}

} // namespace

TEST_CASE("reported values: what is wanted is there, whatever its number") {
  CHECK(check_reported({{"loss", 0.5}, {"n", 3}}, {"loss", "n"}));
  CHECK(check_reported({{"loss", std::numeric_limits<double>::quiet_NaN()}}, {"loss"}));
  CHECK(check_reported({{"loss", true}, {"name", "x"}, {"sizes", value::list{1, 2}}}, {"loss"}));
  CHECK(check_reported({}, {}));
}

TEST_CASE("reported values: a missing metric is named, beside what was reported") {
  CHECK(mistake({{"acuracy", 0.5}, {"n", 3}}, {"accuracy"}).message ==
        "the metric \"accuracy\" is missing; reported: \"acuracy\", \"n\"");
  CHECK(mistake({}, {"accuracy"}).message == "the metric \"accuracy\" is missing; nothing was reported");
  CHECK(mistake(many(23), {"loss"}).message ==
        "the metric \"loss\" is missing; reported: \"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", "
        "\"9\", \"10\", \"11\", \"12\", \"13\", \"14\", \"15\", \"16\", \"17\", \"18\", \"19\", and 3 more");
}

TEST_CASE("reported values: every mistake is told at once") {
  CHECK(mistake({{"loss", "0.5"}, {"sizes", value::list{}}, {"done", 1}, {"", 2}}, {"loss", "sizes", "n"}).message ==
        "the metric \"loss\" is a text; it is to be a number; the metric \"sizes\" is a list; it is to be a number; "
        "the metric \"n\" is missing; reported: \"loss\", \"sizes\", \"done\", \"\"; a value has no name; "
        "\"done\" is to be true or false");
}

TEST_CASE("reported values: what no file could hold is refused") {
  CHECK(mistake({{"\xff", 1}}).message == "a name of 1 bytes that is not UTF-8");
  CHECK(mistake({{"text", "\xff"}}).message == "the text of \"text\" is not UTF-8");
  CHECK(mistake({{"list", value::list{"ok", "\xff"}}}).message == "the text of \"list\" is not UTF-8");
}

TEST_CASE("reported values: what is too much is refused, and up to there it is not") {
  CHECK(check_reported({{"deep", nested(most_value_depth)}}, {}));
  CHECK(mistake({{"deep", nested(most_value_depth + 1)}}).message == "\"deep\" has lists in lists more than 16 deep");
  CHECK(check_reported(many(most_reported_values), {}));
  CHECK(
    mistake(many(most_reported_values + 1)) ==
    runtime::error{errc::too_large, "1001 values are more than the limit of 1000; write what is large into a file"});
  CHECK(check_reported({{"text", std::string(most_reported_bytes - 12, 'x')}}, {}));
  CHECK(mistake({{"text", std::string(most_reported_bytes, 'x')}}) ==
        runtime::error{errc::too_large, "the values take 1048588 bytes, more than the limit of 1048576; write what is "
                                        "large into a file"});
}

TEST_CASE("reported values: the trainable says that it is done with a truth value") {
  CHECK(says_done({{"done", true}}));
  CHECK_FALSE(says_done({{"done", false}}));
  CHECK_FALSE(says_done({{"loss", 1}}));
}
