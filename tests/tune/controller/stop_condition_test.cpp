#include "tune/controller/stop_condition.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace tune;

TEST_CASE("stop condition: ends a trial in the direction that it says, and NaN never") {
  const std::vector<stop_condition> conditions = {{"loss", at_most(0.1)}, {"training_iteration", at_least(10)}};

  CHECK_FALSE(reached(conditions, metrics({{"loss", 0.2}}), 9, 1, 9));
  CHECK(reached(conditions, metrics({{"loss", 0.05}}), 1, 1, 1) == "loss is 0.05, at most 0.1");
  CHECK(reached(conditions, metrics({{"loss", 0.2}}), 10, 1, 10) == "training_iteration is 10, at least 10");
  CHECK_FALSE(reached(conditions, metrics({{"loss", std::nan("")}}), 1, 1, 1));
  CHECK_FALSE(reached(conditions, metrics({{"other", 0.05}}), 1, 1, 1));
}

TEST_CASE("stop condition: only a bound on the iterations leaves those before it alone") {
  constexpr auto never = std::numeric_limits<iteration_number>::max();
  CHECK(first_that_may_reach({}, 5) == never);
  CHECK(first_that_may_reach({{"training_iteration", at_least(9.5)}}, 5) == 10);
  CHECK(first_that_may_reach({{"training_iteration", at_least(3)}}, 5) == 6);
  CHECK(first_that_may_reach({{"training_iteration", at_least(9)}, {"training_iteration", at_least(8)}}, 5) == 8);
  CHECK(first_that_may_reach({{"training_iteration", at_least(9)}, {"loss", at_most(0.1)}}, 5) == 6);
  CHECK(first_that_may_reach({{"time_total_s", at_least(9)}}, 5) == 6);
  CHECK(first_that_may_reach({{"training_iteration", at_least(1e300)}}, 5) == never);
}

TEST_CASE("stop condition: those that hold from the beginning or against the objective are mistakes") {
  CHECK(mistakes_of({{"accuracy", at_least(0.99)}, {"time_total_s", at_least(60)}}, maximize("accuracy")).empty());
  CHECK(mistakes_of({{"loss", at_least(0.5)}}, minimize("loss")) ==
        std::vector<std::string>{
          R"(stop: "loss" is minimized, but "at least 0.5" ends the trials that are worse; use at_most(0.5))"});
  CHECK(mistakes_of({{"training_iteration", at_least(0)}, {"", at_least(1)}, {"x", at_least(std::nan(""))}},
                    minimize("loss"))
          .size() == 3);
}
