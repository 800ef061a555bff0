#include "tune/controller/same_experiment.hpp"

#include <doctest/doctest.h>

using tune::differences_of_experiments;

namespace {
const std::string before =
  R"({"trainable":"net","space":{"lr":{"uniform":[0.0,1.0]}},"metric":"loss","mode":"min","samples":4})";
}

TEST_CASE("same experiment: what does not change the question may change") {
  CHECK(differences_of_experiments(before, before).empty());
  CHECK(
    differences_of_experiments(
      before, R"({"mode":"min","trainable":"net","space":{"lr":{"uniform":[0.0,1.0]}},"metric":"loss","samples":9})")
      .empty());
}

TEST_CASE("same experiment: another trainable, objective or space is another one, in words") {
  const auto changed = differences_of_experiments(
    before, R"({"trainable":"net","space":{"lr":{"uniform":[0.0,2.0]}},"metric":"loss","mode":"max"})");

  REQUIRE(changed.size() == 2);
  CHECK(changed[0] == R"(mode: it was "min", now it is "max")");
  CHECK(changed[1].find("\"lr\"") != std::string::npos);
}

TEST_CASE("same experiment: the searcher that it was begun with, with its options") {
  const auto kept = [](tune::searcher_choice now, const std::string& description) {
    const auto how = keep_searcher(now, description);
    return how ? to_json(now) : how.error().message;
  };
  const auto begun_with_tpe = R"({"name":"net","searcher":{"name":"tpe","candidates":64}})";

  CHECK(kept(tune::auto_search(), begun_with_tpe) == R"({"name":"tpe","candidates":64})");
  CHECK(kept(tune::sobol_search(), begun_with_tpe) == R"({"name":"sobol"})");
  CHECK(kept(tune::auto_search(), before) == "its description in the journal has no searcher");
  CHECK(
    kept(tune::auto_search(), R"({"searcher":{"name":"tpee"}})") ==
    "the searcher that it was begun with is not known here; name one to go on with: searcher: there is no \"tpee\"; "
    "did you mean \"tpe\"?");
}

TEST_CASE("same experiment: a description that cannot be read is no experiment's") {
  CHECK(differences_of_experiments("{", before).size() == 1);
}
