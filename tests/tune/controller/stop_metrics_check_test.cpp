#include "tune/controller/stop_metrics_check.hpp"

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("stop metrics: one that the first result lacks is told once, with what it may be a slip of") {
  stop_metrics_check check({{"acurracy", at_least(0.5)}, {"training_iteration", at_least(9)}, {"loss", at_most(0.1)}});
  const metrics values = {{"accuracy", 0.25}, {"loss", 1}};

  CHECK(check.on_result(values) ==
        R"(stop: the first result has no "acurracy"; did you mean "accuracy"?; such a condition ends no trial)");
  CHECK(check.on_result(values) == std::nullopt);
}

TEST_CASE("stop metrics: every one is told, also what is no number") {
  stop_metrics_check check({{"score", at_least(0.5)}, {"name", at_least(1)}});

  CHECK(check.on_result({{"loss", 1}, {"name", "x"}}) ==
        R"(stop: the first result has no "score"; there is "loss", "name", "name" is no number in the first result; )"
        R"(such a condition ends no trial)");
}

TEST_CASE("stop metrics: where the first result has them all there is nothing to say, and later ones are not asked") {
  stop_metrics_check check({{"loss", at_most(0.5)}, {"good", at_least(1)}, {"time_total_s", at_least(60)}});

  CHECK(check.on_result({{"loss", 1}, {"good", false}}) == std::nullopt);
  CHECK(check.on_result({{"other", 1}}) == std::nullopt);
  CHECK(stop_metrics_check({}).on_result({{"loss", 1}}) == std::nullopt);
}
