#include "tune/config.hpp"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

using namespace tune;

namespace {

template <class T>
std::string why_not(const config& values, const std::string& name) {
  try {
    static_cast<void>(values.get<T>(name));
  } catch (const failure& why) {
    return why.what();
  }
  return "it is";
}

} // namespace

TEST_CASE("config: values by name, in the order in which they were set") {
  config values = {{"lr", 0.1}, {"layers", 2}, {"lr", 0.2}};
  values.set("act", "relu");

  CHECK(values.size() == 3);
  CHECK(values.get<double>("lr") == 0.2);
  CHECK(values.get<int>("layers") == 2);
  CHECK(values.begin()->first == "lr");
  CHECK(values.erase("lr"));
  CHECK_FALSE(values.erase("lr"));
  CHECK(values.begin()->first == "layers");
}

TEST_CASE("config: what is not there, or of another type, is an error that says what there is") {
  const config values = {{"lr", 0.1}, {"act", "relu"}};

  CHECK(why_not<double>(values, "rate") == R"("rate": there is no such value; there is "lr", "act")");
  CHECK(why_not<int>(values, "lr") == R"("lr": 0.1 is not an integer)");
  CHECK(why_not<int>(config(), "lr") == R"("lr": there is no such value, nor any other)");
  CHECK(values.get("rate", 0.5) == 0.5);
  CHECK_THROWS_AS(values.get("act", 0.5), failure);
}

TEST_CASE("config: equal whatever the order") {
  CHECK(config{{"a", 1}, {"b", 2}} == config{{"b", 2}, {"a", 1}});
  CHECK(config{{"a", 1}} != config{{"a", 1.0}});
  CHECK(config{{"a", 1}} != config{{"a", 1}, {"b", 2}});
}

TEST_CASE("config: add() appends a name that is new") {
  config values;
  values.add("b", 1);
  values.add("a", 2);

  CHECK(values == config{{"a", 2}, {"b", 1}});
}

TEST_CASE("config: one JSON object, nested where names have slashes") {
  std::ostringstream out;
  out << config{{"lr", 0.1}, {"net/depth", 3}, {"net/act/first", "relu"}, {"seed", 7}};

  CHECK(out.str() == R"({"lr":0.1,"net":{"depth":3,"act":{"first":"relu"}},"seed":7})");
  CHECK(to_json(config()) == "{}");
}
