#include "tune/results/experiment_description.hpp"

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("description: what is shown of an experiment") {
  const auto read = read_description(R"({"name": "digits", "trainable": {"name": "net", "program": "/a/digits"},
    "space": {"lr": {"loguniform": [1e-4, 1]}, "data": "digits",
              "optimizer": {"name": "sgd", "decay": {"choice": [1, 2]}}},
    "metric": "accuracy", "mode": "max", "resources": {"cpu": 0.5}, "command": ["./digits", "--seed", "3"]})");

  REQUIRE(read);
  CHECK(read->trainable == "net");
  CHECK(read->objectives == std::vector<objective>{maximize("accuracy")});
  CHECK(read->command == std::vector<std::string>{"./digits", "--seed", "3"});
  CHECK(read->resources.at("cpu") == 0.5);
  CHECK(read->varies("lr"));
  CHECK(read->varies("optimizer/decay"));
  CHECK_FALSE(read->varies("data"));
  CHECK_FALSE(read->varies("optimizer/name"));
}

TEST_CASE("description: several objectives, and the other ways to name a trainable") {
  CHECK(read_description(R"({"metric": ["loss", "size"], "mode": ["min", "max"]})")->objectives ==
        std::vector<objective>{minimize("loss"), maximize("size")});
  CHECK(read_description(R"({"metric": ["loss", "size"], "mode": "min"})")->objectives ==
        std::vector<objective>{minimize("loss"), minimize("size")});
  CHECK(read_description(R"({"trainable": "f"})")->trainable == "f");
  CHECK(read_description(R"({"trainable": {"program": "/a/b/digits"}})")->trainable == "digits");
  CHECK(read_description(R"({"trainable": {"command": ["python3", "train.py"]}})")->trainable == "python3");
  CHECK(read_description("{}")->trainable.empty());
  CHECK(read_description("")->objectives.empty());
}

TEST_CASE("description: what cannot be read is an error") {
  CHECK(read_description("[1]").error().message == "the experiment's description is no JSON object");
  CHECK(read_description("{").error().message == "the experiment's description is no JSON object");
  CHECK(read_description(R"({"metric": "a", "mode": "up"})").error().message == "mode: \"up\" is neither min nor max");
  CHECK(read_description(R"({"metric": 7})").error().message == "metric: 7 is no text, nor a list of texts");
}
