#include "tune/controller/step_times.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

TEST_CASE("step times: the median of what came lately") {
  step_times steps;
  CHECK(steps.empty());
  CHECK(steps.median() == 0ns);

  for (const auto step : {1s, 100s, 2s})
    steps.add(step);
  CHECK(steps.median() == 2s);

  for (int i = 0; i < 200; ++i)
    steps.add(7s);
  CHECK(steps.median() == 7s);
}
