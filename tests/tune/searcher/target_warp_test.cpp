#include "tune/searcher/target_warp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

const double not_a_number = std::nan("");
constexpr double infinite = std::numeric_limits<double>::infinity();

void check_are(const std::vector<double>& found, const std::vector<double>& wanted, double precision = 1e-7) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(i);
    CHECK(found[i] == doctest::Approx(wanted[i]).epsilon(precision));
  }
}

} // namespace

TEST_CASE("target warp: the worse half by rank, as OSS Vizier does it") {
  check_are(half_rank_warped({-4, -3, -2, 1.1, 1.2, 1.3, 1.4, 1.5}),
            {0.79848882, 0.94672919, 1.03800725, 1.11395559, 1.2, 1.3, 1.4, 1.5});
  check_are(half_rank_warped({1, 2, 3, 4, 4, 6, 7, 10, 11, 12}),
            {-2.35738367, 0.74539457, 2.65591068, 4.24556446, 4.24556446, 6, 7, 10, 11, 12});
  check_are(half_rank_warped({3, 3, 3}), {3, 3, 3});
  CHECK(half_rank_warped({}).empty());
  CHECK(std::isnan(half_rank_warped({1, not_a_number, 2})[1]));
}

TEST_CASE("target warp: targets have mean 0 and deviation 1, and less loss is more") {
  const auto found = targets_of({5, 1, 2, 1e9, 3, 4});

  CHECK(std::accumulate(found.begin(), found.end(), 0.0) == doctest::Approx(0).epsilon(1e-12));
  CHECK(std::inner_product(found.begin(), found.end(), found.begin(), 0.0) == doctest::Approx(6));
  for (const auto& [better, worse] : {std::pair{1, 2}, {2, 4}, {4, 5}, {5, 0}, {0, 3}})
    CHECK(found[static_cast<std::size_t>(better)] > found[static_cast<std::size_t>(worse)]);
  CHECK(found[3] > -3); // However huge its loss.
}

TEST_CASE("target warp: scale and place of the losses do not matter") {
  check_are(targets_of({5, 1, 2, 9, 3}), targets_of({105, 101, 102, 109, 103}), 1e-9);
  check_are(targets_of({5, 1, 2, 9, 3}), targets_of({5e300, 1e300, 2e300, 9e300, 3e300}), 1e-12);
  check_are(targets_of({5, 1, 2, 9, 3}), targets_of({5e-300, 1e-300, 2e-300, 9e-300, 3e-300}), 1e-12);
}

TEST_CASE("target warp: failed trials are worse than all others, and the prior's mean is theirs and the others'") {
  const auto found = targets_of({1, not_a_number, 2, infinite, 3, -infinite});

  CHECK(found[1] == found[3]);
  CHECK(found[1] == found[5]);
  CHECK(found[1] == doctest::Approx(found[4] - 1));
  CHECK(found[0] > found[2]);
  const double mean = (found[0] + found[2] + found[4]) / 3;
  CHECK(3.5 / 7 * mean + 3.5 / 7 * found[1] == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("target warp: nothing, one, equal ones, nothing but failed ones") {
  CHECK(targets_of({}).empty());
  CHECK(targets_of({7}) == std::vector<double>{0});
  CHECK(targets_of({7, 7, 7}) == std::vector<double>{0, 0, 0});
  CHECK(targets_of({not_a_number, infinite}) == std::vector<double>{0, 0});
  CHECK(targets_of({1e-9 + 1, 1e-9 + 1}) == std::vector<double>{0, 0});
  const auto equal = targets_of({7, 7, not_a_number});
  CHECK(equal[0] == equal[1]);
  CHECK(equal[2] == doctest::Approx(equal[0] - 1));
}
