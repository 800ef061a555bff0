#include "tune/ask_tell/command_text.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

namespace {

const std::vector<objective> one = {maximize("accuracy")};
const std::vector<objective> two = {maximize("accuracy"), minimize("latency")};

template <class Command>
Command read(const std::string& line, const std::vector<objective>& objectives = one) {
  const auto command = command_from(line, objectives);
  REQUIRE_MESSAGE(command, command.error().message);
  return std::get<Command>(*command);
}

std::string why_not(const std::string& line, const std::vector<objective>& objectives = one) {
  const auto command = command_from(line, objectives);
  REQUIRE(!command);
  return command.error().message;
}

} // namespace

TEST_CASE("command text: each command") {
  CHECK(read<ask_tell::ask>(R"({"ask": 3})").count == 3);
  const auto tell = read<ask_tell::tell>(R"( {"tell": {"trial": 7, "value": 0.5}} )");
  CHECK(tell.trial == trial_id(7));
  CHECK(tell.how == trial_outcome::completed);
  CHECK(*tell.values == ask_tell::numbers{0.5});
  CHECK(!read<ask_tell::tell>(R"({"tell": {"trial": 7}})").values);
  CHECK(read<ask_tell::tell>(R"({"tell": {"trial": 7, "state": "failed", "value": null}})").how ==
        trial_outcome::failed);
  CHECK(read<ask_tell::tell>(R"({"tell": {"trial": 7, "state": "ignored"}})").how == trial_outcome::ignored);
  CHECK(*read<ask_tell::tell>(R"({"tell": {"trial": 7, "values": [1, 2]}})", two).values == ask_tell::numbers{1, 2});
  CHECK(*read<ask_tell::tell>(R"({"tell": {"trial": 7, "values": [1]}})").values == ask_tell::numbers{1});
  const auto report = read<ask_tell::report>(R"({"report": {"trial": 7, "iteration": 2, "value": -1}})");
  CHECK(report.iteration == 2);
  CHECK(report.values == ask_tell::numbers{-1});
  read<ask_tell::best>(R"({"best": true})");
  read<ask_tell::pending>(R"({"pending": true})");
}

TEST_CASE("command text: what is no finite number counts as NaN, as each language writes it") {
  for (const char* written :
       {"null", "NaN", "Infinity", "-Infinity", R"("NaN")", R"("nan")", R"("inf")", R"("-inf")", R"("+Infinity")"}) {
    CAPTURE(written);
    const auto line = std::string(R"({"tell": {"trial": 1, "value": )") + written + "}}";
    CHECK(std::isnan(read<ask_tell::tell>(line).values->front()));
  }
  const auto both = read<ask_tell::tell>(R"({"tell": {"trial": 1, "values": [NaN, 2]}})", two);
  CHECK(std::isnan((*both.values)[0]));
  CHECK((*both.values)[1] == 2);
  CHECK(why_not(R"({"NaN \" Infinity": NaN})") ==
        R"(there is no command "NaN " Infinity"; there is "ask", "tell", "report", "best", "pending")");
}

TEST_CASE("command text: a line that is wrong says what would be right") {
  CHECK(why_not("ask 1") == R"(it is no JSON; use for example {"ask": 1})");
  CHECK(why_not("[1]") == R"(it is [1], but must be a JSON object such as {"ask": 1})");
  CHECK(why_not(std::string(1'000'000, '[')) == R"(it is nested too deep; use for example {"ask": 1})");
  CHECK(why_not("{}") == R"(it has 0 commands, but a line is one of "ask", "tell", "report", "best" and "pending")");
  CHECK(why_not(R"({"ask": 1, "best": true})") ==
        R"(it has 2 commands, but a line is one of "ask", "tell", "report", "best" and "pending")");
  CHECK(why_not(R"({"tel": {}})") == R"(there is no command "tel"; did you mean "tell"?)");
  for (const char* count : {"0", "-1", "1.5", "true", "\"1\"", "100001", "null"}) {
    CAPTURE(count);
    CHECK(why_not(std::string(R"({"ask": )") + count + "}") ==
          std::string("ask is ") + count + ", but must be how many trials are wanted, from 1 to 100000");
  }
  CHECK(why_not(R"({"best": 1})") == "best is 1, but must be true");
  CHECK(why_not(R"({"pending": false})") == "pending is false, but must be true");
}

TEST_CASE("command text: fields that are wrong are named") {
  CHECK(why_not(R"({"tell": 3})") == R"(tell: it is 3, but must be an object such as {"trial": 1, ...})");
  CHECK(why_not(R"({"tell": {"value": 1}})") ==
        R"(tell: "trial" is missing, the number that an ask was answered with)");
  CHECK(why_not(R"({"tell": {"trial": "1", "value": 1}})") ==
        R"(tell: trial is "1", but must be a number that an ask was answered with)");
  CHECK(why_not(R"({"tell": {"trial": 1, "valeu": 1}})") == R"(tell: it has no "valeu"; did you mean "value"?)");
  CHECK(why_not(R"({"tell": {"trial": 1, "value": "high"}})") ==
        R"(tell: value is "high", but must be a number; null or NaN where there is none)");
  CHECK(why_not(R"({"tell": {"trial": 1, "value": 1, "values": [1]}})") ==
        R"(tell: "value" and "values": only one of them)");
  CHECK(why_not(R"({"tell": {"trial": 1, "value": 1}})", two) ==
        R"(tell: there are 2 objectives (accuracy, latency), so it needs "values", a list of 2 numbers)");
  CHECK(why_not(R"({"tell": {"trial": 1, "values": [1]}})", two) ==
        "tell: values is [1], but must be a list of 2 numbers (accuracy, latency)");
  CHECK(why_not(R"({"tell": {"trial": 1, "values": [1, "x"]}})", two) ==
        R"(tell: number 2 of values is "x", but must be a number; null or NaN where there is none)");
  CHECK(why_not(R"({"tell": {"trial": 1, "state": "done"}})") ==
        R"(tell: state is "done", but must be "completed", "failed" or "ignored")");
  CHECK(why_not(R"({"tell": {"trial": 1, "state": "failed", "value": 3}})") ==
        "tell: a trial that failed or is ignored has no value; leave out the value or the state");
  CHECK(why_not(R"({"report": {"trial": 1, "value": 3}})") ==
        R"(report: "iteration" is missing, which counts the reports of a trial from 1)");
  CHECK(why_not(R"({"report": {"trial": 1, "iteration": 0, "value": 3}})") ==
        "report: iteration is 0, but must be an integer from 1 to 1000000000000000");
  CHECK(why_not(R"({"report": {"trial": 1, "iteration": 1}})") == R"(report: "value" is missing)");
}
