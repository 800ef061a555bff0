#include "tune/searcher/rung_ladder.hpp"

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

/// At which iterations, up to this one, a rung lies.
std::vector<iteration_number> levels(rung_ladder ladder, iteration_number last) {
  ladder.open_above(last);
  std::vector<iteration_number> all;
  for (iteration_number i = 1; i <= last; ++i)
    if (ladder.reached_at(i) != ladder.reached_at(i - 1))
      all.push_back(i);
  CHECK(ladder.reached_at(last) == all.size());
  CHECK(ladder.size() == all.size() + 1); // One above.
  return all;
}

using iterations = std::vector<iteration_number>;

} // namespace

TEST_CASE("rung ladder: each rung lies reduction_factor times as high as the one below, and one is above all") {
  CHECK(rung_ladder(1, 3).size() == 1);
  CHECK(levels({1, 3}, 81) == iterations{1, 3, 9, 27, 81});
  CHECK(levels({5, 4}, 300) == iterations{5, 20, 80});
}

TEST_CASE("rung ladder: rungs lie at whole iterations, no two at the same") {
  CHECK(levels({1, 1.5}, 8) == iterations{1, 2, 3, 4, 6, 8}); // 1.5, 2.25, 3.4, 5.1, 7.6
}

TEST_CASE("rung ladder: options out of range are told by their names") {
  CHECK(rung_ladder::mistakes("x", 1, 1.5).empty());
  CHECK(rung_ladder::mistakes("x", 1, 1e6).empty());
  CHECK(rung_ladder::mistakes("x", 0, 1) ==
        std::vector<std::string>{"searcher x: grace_period is 0, but must be 1 or more",
                                 "searcher x: reduction_factor is 1, but must be 1.5 to 1000000"});
  CHECK(rung_ladder::mistakes("x", 1, 1e7).size() == 1);
  CHECK(rung_ladder::mistakes("x", 1, std::numeric_limits<double>::quiet_NaN()).size() == 1);
}
