#include "tune/ask_tell/ask_tell_core.hpp"

#include <utility>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/tune/ask_tell/search_for_test.hpp"

using namespace tune;

namespace {

using lines = std::vector<std::string>;
using nlohmann::json;

const char* const numbers_only = "x: {uniform: [0, 1]}";

search_flags flags(const char* scheduler, const char* mode = "min") {
  search_flags made;
  if (*scheduler != '\0')
    made.scheduler = scheduler;
  made.mode = mode;
  return made;
}

std::string tell(int trial, const std::string& value) {
  return R"({"tell": {"trial": )" + std::to_string(trial) + R"(, "value": )" + value + "}}";
}

std::string report(int trial, int iteration, const std::string& value) {
  return R"({"report": {"trial": )" + std::to_string(trial) + R"(, "iteration": )" + std::to_string(iteration) +
         R"(, "value": )" + value + "}}";
}

/// {"trial":1,"config":{..}} without the configuration.
std::string without_config(const std::string& answer) {
  const auto begin = answer.find(R"(,"config":{)");
  return begin == std::string::npos ? answer : answer.substr(0, begin) + answer.substr(answer.find('}', begin) + 1);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // namespace

TEST_CASE("ask-tell: trials are numbered from 1, and an ask for three is three asks for one") {
  search_for_test together(numbers_only);
  search_for_test apart(numbers_only);

  const auto three = together.say(R"({"ask": 3})");

  REQUIRE(three.size() == 3);
  CHECK(without_config(three[2]) == R"({"trial":3})");
  CHECK(apart.say({R"({"ask": 1})", R"({"ask": 1})", R"({"ask": 1})"}) == three);
  search_flags other;
  other.seed = 1;
  CHECK(search_for_test(numbers_only, other).say(R"({"ask": 3})") != three);
}

TEST_CASE("ask-tell: groups are nested, and parameters that are not active are left out") {
  search_for_test search("kind: {choice: [a]}\n"
                         "net: {depth: 3}\n"
                         "of_a: {choice: [1], when: {kind: a}}\n"
                         "both: {choice: [x, y]}\n"
                         "of_x: {choice: [2], when: {both: x}}\n"
                         "of_y: {choice: [2], when: {both: y}}\n");

  const auto both = search.say(R"({"ask": 2})");

  const std::string x = R"(,"config":{"kind":"a","net":{"depth":3},"of_a":1,"both":"x","of_x":2}})";
  const std::string y = R"(,"config":{"kind":"a","net":{"depth":3},"of_a":1,"both":"y","of_y":2}})";
  REQUIRE(both.size() == 2);
  CHECK(((ends_with(both[0], x) && ends_with(both[1], y)) || (ends_with(both[0], y) && ends_with(both[1], x))));
}

TEST_CASE("ask-tell: a tell is answered again when it is repeated, and refused when it says something else") {
  search_for_test search(numbers_only, flags(""));
  search.say(R"({"ask": 2})");

  CHECK(search.ask(tell(1, "0.5")) == R"({"trial":1,"ok":true})");
  const auto records = search.records().size();
  CHECK(search.ask(tell(1, "0.5")) == R"({"trial":1,"ok":true})");
  CHECK(search.ask(R"({"tell": {"trial": 1}})") == R"({"trial":1,"ok":true})");
  CHECK(search.records().size() == records);
  CHECK(search.ask(tell(1, "0.75")) ==
        R"({"error":"tell: trial 1 has ended: it was told 0.5; a trial is told once","line":5})");
  CHECK(search.ask(R"({"tell": {"trial": 1, "state": "failed"}})") ==
        R"({"error":"tell: trial 1 has ended: it was told 0.5; a trial is told once","line":6})");
  CHECK(search.ask(R"({"tell": {"trial": 2, "state": "failed"}})") == R"({"trial":2,"ok":true})");
  CHECK(search.ask(R"({"tell": {"trial": 2, "state": "failed"}})") == R"({"trial":2,"ok":true})");
  CHECK(search.ask(tell(2, "1")) ==
        R"({"error":"tell: trial 2 has ended: it was told as failed; a trial is told once","line":9})");
  CHECK(search.records().size() == records + 2);
}

TEST_CASE("ask-tell: trials that were never asked for are refused") {
  search_for_test search(numbers_only);

  CHECK(search.ask(tell(1, "0.5")) == R"({"error":"tell: there is no trial 1; none was asked for","line":1})");
  search.say(R"({"ask": 1})");
  CHECK(search.ask(tell(0, "0.5")) == R"({"error":"tell: there is no trial 0; only trial 1 was asked for","line":3})");
  search.say(R"({"ask": 1})");
  CHECK(search.ask(report(3, 1, "0.5")) ==
        R"({"error":"report: there is no trial 3; trials 1 to 2 were asked for","line":5})");
  CHECK(search.ask(tell(2, "0.5")) == R"({"trial":2,"ok":true})");
  CHECK(search.session().errors() == 3);
}

TEST_CASE("ask-tell: a trial without a value counts its last report; one that has none needs a value") {
  search_for_test search(numbers_only, flags(""));
  search.say(R"({"ask": 2})");
  search.say(report(1, 1, "0.5"));

  CHECK(search.ask(R"({"tell": {"trial": 1}})") == R"({"trial":1,"ok":true})");
  CHECK(ends_with(search.ask(R"({"best": true})"), R"("value":0.5})"));
  CHECK(search.ask(R"({"tell": {"trial": 2}})") ==
        R"({"error":"tell: trial 2 has reported nothing, so it needs a \"value\", \"values\" or \"state\": )"
        R"(\"failed\"","line":5})");
}

TEST_CASE("ask-tell: what a trial is told with is heard as a report of its next iteration") {
  search_flags how;
  how.searcher = R"({"name": "bohb", "grace_period": 1, "reduction_factor": 3})";
  search_for_test told(numbers_only, how), reported(numbers_only, how);
  for (int i = 1; i <= 12; ++i) {
    const auto config = json::parse(told.ask(R"({"ask": 1})"))["config"];
    REQUIRE(json::parse(reported.ask(R"({"ask": 1})"))["config"] == config);
    const double x = config["x"];
    const auto early = std::to_string(x), late = std::to_string(1 - x); // So each rung likes others.
    for (auto* each : {&told, &reported})
      each->say({report(i, 1, early), report(i, 2, early)});
    reported.say({report(i, 3, late), R"({"tell": {"trial": )" + std::to_string(i) + "}}"});
    told.say(tell(i, late));
  }

  CHECK(told.say(R"({"ask": 9})") == reported.say(R"({"ask": 9})"));
  CHECK(told.session().errors() + reported.session().errors() == 0);
}

TEST_CASE("ask-tell: reports ascend; the last one is answered again, another is refused") {
  search_for_test search(numbers_only, flags(""));
  search.say(R"({"ask": 1})");

  CHECK(search.ask(report(1, 3, "0.5")) == R"({"trial":1,"decision":"continue"})");
  CHECK(search.ask(report(1, 3, "0.5")) == R"({"trial":1,"decision":"continue"})");
  CHECK(search.ask(report(1, 3, "0.25")) ==
        R"({"error":"report: trial 1 has reported iteration 3 with 0.5; iterations ascend, so the next is 4 or later",)"
        R"("line":4})");
  CHECK(search.ask(report(1, 4, "NaN")) == R"({"trial":1,"decision":"continue"})");
  CHECK(search.ask(report(1, 4, "NaN")) == R"({"trial":1,"decision":"continue"})");
  search.say(tell(1, "0.125"));
  CHECK(search.ask(report(1, 5, "0.5")) == R"({"error":"report: trial 1 has ended: it was told 0.125","line":8})");
}

TEST_CASE("ask-tell: a scheduler stops trials; then a tell is answered and changes nothing") {
  search_for_test search(numbers_only, flags(R"({"name": "asha", "max_t": 9, "reduction_factor": 3})"));
  search.say(R"({"ask": 3})");

  CHECK(search.ask(report(1, 1, "0.1")) == R"({"trial":1,"decision":"continue"})");
  const auto stopped = search.ask(report(2, 1, "0.9"));
  CHECK(stopped.find(R"({"trial":2,"decision":"stop","reason":"rung 1: )") == 0);
  const auto records = search.records().size();
  CHECK(search.ask(tell(2, "0.01")) == R"({"trial":2,"ok":true})");
  CHECK(search.ask(R"({"tell": {"trial": 2, "state": "failed"}})") == R"({"trial":2,"ok":true})");
  CHECK(search.ask(report(2, 1, "0.9")) == R"({"trial":2,"decision":"stop","reason":"it has ended"})");
  CHECK(search.ask(report(2, 2, "0.9")) == R"({"trial":2,"decision":"stop","reason":"it has ended"})");
  CHECK(search.records().size() == records);
  CHECK(search.ask(report(1, 9, "0.2")) == R"({"trial":1,"decision":"stop","reason":"it has done its 9 iterations"})");
  CHECK(search.ask(tell(1, "0.2")) == R"({"trial":1,"ok":true})");
  CHECK(ends_with(search.ask(R"({"best": true})"), R"("value":0.2})"));
  CHECK(search.session().errors() == 0);
}

TEST_CASE("ask-tell: a paused trial comes back by an ask, and goes on after its last iteration") {
  search_for_test search(numbers_only,
                         flags(R"({"name": "asha", "type": "promotion", "max_t": 9, "reduction_factor": 3})"));
  search.say(R"({"ask": 3})");
  const auto decision_of = [&](int trial, int iteration, const char* loss) {
    const auto answer = search.ask(report(trial, iteration, loss));
    return answer.substr(0, answer.find(R"(,"reason")"));
  };

  CHECK(decision_of(1, 1, "0.3") == R"({"trial":1,"decision":"pause")");
  CHECK(decision_of(2, 1, "0.1") == R"({"trial":2,"decision":"pause")");
  CHECK(decision_of(2, 1, "0.1") == R"({"trial":2,"decision":"pause")"); // Its answer was not seen.
  CHECK(search.ask(report(2, 2, "0.1")) ==
        R"({"error":"report: trial 2 is paused after iteration 1; an ask gives it back when it may go on","line":5})");
  CHECK(ends_with(search.ask(R"({"pending": true})"), R"("iteration":0}],"paused":[1,2]})"));
  CHECK(decision_of(3, 1, "0.2") == R"({"trial":3,"decision":"pause")");
  CHECK(without_config(search.ask(R"({"ask": 1})")) == R"({"trial":2,"iteration":1})");
  CHECK(decision_of(2, 3, "0.05") == R"({"trial":2,"decision":"pause")");
  CHECK(without_config(search.ask(R"({"ask": 1})")) == R"({"trial":4})");
  CHECK(search.ask(tell(3, "0.2")) == R"({"trial":3,"ok":true})"); // Who runs it may also end it.
  CHECK(ends_with(search.ask(R"({"pending": true})"), R"("iteration":0}],"paused":[1,2]})"));
}

TEST_CASE("ask-tell: a paused trial that can never come back ends with the next ask") {
  search_for_test search(numbers_only, flags(R"({"name": "hyperband", "type": "synchronous", "max_t": 3})"));
  search.say(R"({"ask": 3})");
  for (const auto& [trial, loss] : {std::pair(1, "0.3"), std::pair(2, "0.1"), std::pair(3, "0.05")})
    search.say(report(trial, 1, loss));
  CHECK(ends_with(search.ask(R"({"pending": true})"), R"("paused":[1,2,3]})"));

  CHECK(without_config(search.ask(R"({"ask": 1})")) == R"({"trial":3,"iteration":1})");
  CHECK(ends_with(search.ask(R"({"pending": true})"), R"("iteration":1}],"paused":[]})"));
}

TEST_CASE("ask-tell: a space that is exhausted says so after what is left; paused trials may still come back") {
  search_for_test search("x: {grid: [1, 2]}");
  CHECK(search.say(R"({"ask": 5})") == lines{R"({"trial":1,"config":{"x":1}})", R"({"trial":2,"config":{"x":2}})",
                                             R"({"exhausted":true,"reason":"every point of the grid was proposed"})"});
  CHECK(search.ask(R"({"ask": 1})") == R"({"exhausted":true,"reason":"every point of the grid was proposed"})");
  CHECK(search.session().errors() == 0);
  search_flags twice;
  twice.samples = 2;
  CHECK(search_for_test("x: {grid: [1, 2]}", twice).say(R"({"ask": 5})").size() == 5);

  search_for_test pausing("x: {grid: [1, 2]}", flags(R"({"name": "asha", "type": "promotion", "max_t": 9})"));
  pausing.say(R"({"ask": 2})");
  pausing.say({report(1, 1, "0.5")});
  CHECK(pausing.ask(R"({"ask": 1})") == R"({"wait":true,"reason":"every point of the grid was proposed"})");
  pausing.say({report(2, 1, "0.5")});
  CHECK(pausing.ask(R"({"ask": 1})") == R"({"exhausted":true,"reason":"every point of the grid was proposed"})");
  CHECK(pausing.ask(R"({"pending": true})") == R"({"pending":[],"paused":[]})");
  CHECK(pausing.ask(tell(1, "0.5")) == R"({"trial":1,"ok":true})");
}

TEST_CASE("ask-tell: the best by mode; failed trials and what is no finite number are never it") {
  const auto best_of = [](const char* mode, const std::vector<std::string>& values) {
    search_for_test search(numbers_only, flags("", mode));
    search.say(R"({"ask": 9})");
    for (std::size_t i = 0; i < values.size(); ++i)
      search.say(tell(static_cast<int>(i + 1), values[i]));
    return without_config(search.ask(R"({"best": true})"));
  };

  CHECK(best_of("min", {}) == R"({"trial":null,"config":null,"value":null})");
  CHECK(best_of("min", {"NaN", "-Infinity", "null"}) == R"({"trial":null,"config":null,"value":null})");
  CHECK(best_of("min", {"3", "1", "NaN", "1", "2"}) == R"({"trial":2,"value":1.0})");
  CHECK(best_of("max", {"3", "Infinity", "4", "4", "2"}) == R"({"trial":3,"value":4.0})");

  search_for_test running(numbers_only, flags("", "max"));
  running.say(R"({"ask": 3})");
  running.say({report(1, 1, "0.5"), report(2, 1, "0.75"), report(3, 1, "0.9"), tell(1, "0.5")});
  CHECK(without_config(running.ask(R"({"best": true})")) == R"({"trial":3,"value":0.9})");
  running.say({R"({"tell": {"trial": 3, "state": "failed"}})", report(2, 2, "0.25")});
  CHECK(without_config(running.ask(R"({"best": true})")) == R"({"trial":1,"value":0.5})");
}

TEST_CASE("ask-tell: of several objectives the best are those that no other is better than in all") {
  search_flags both;
  both.mode = "max,min";
  both.metric = "accuracy,latency";
  search_for_test search("x: {grid: [1, 2, 3, 4, 5]}", both);
  search.say(R"({"ask": 5})");

  int trial = 0;
  for (const char* values : {"[0.5, 10]", "[0.9, 50]", "[0.4, 20]", "[0.9, 40]", "[NaN, 1]"})
    search.say(R"({"tell": {"trial": )" + std::to_string(++trial) + R"(, "values": )" + values + "}}");

  CHECK(search.ask(R"({"best": true})") ==
        R"({"trial":4,"config":{"x":4},"values":[0.9,40.0],"front":[{"trial":4,"config":{"x":4},"values":[0.9,40.0]},)"
        R"({"trial":1,"config":{"x":1},"values":[0.5,10.0]}]})");
}

TEST_CASE("ask-tell: the user's points come first, and what is known of others is told to the searcher") {
  search_for_test search("space: {x: {choice: [1, 2, 3]}}\n"
                         "points_to_evaluate: [{x: 3}, {config: {x: 1}, metrics: {value: 0.5}}]\n");

  CHECK(search.say(R"({"ask": 4})") == lines{R"({"trial":1,"config":{"x":3}})", R"({"trial":2,"config":{"x":2}})",
                                             R"({"exhausted":true,"reason":"every point of the space was proposed"})"});
}
