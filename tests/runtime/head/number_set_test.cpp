#include "runtime/head/number_set.hpp"

#include <set>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

TEST_CASE("number set: it contains what was inserted and nothing else, in as few intervals as there are gaps") {
  for_each_seed(200, [](seed s) {
    random_stream random(s, "number_set");
    number_set numbers;
    std::set<std::uint64_t> model;
    for (int i = 0; i < 100; ++i) {
      const auto n = 1 + random.below(60);
      numbers.insert(n);
      model.insert(n);
    }

    std::size_t runs = 0;
    for (std::uint64_t n = 0; n <= 62; ++n) {
      REQUIRE(numbers.contains(n) == (model.count(n) == 1));
      runs += model.count(n) == 1 && model.count(n - 1) == 0;
    }
    REQUIRE(numbers.intervals() == runs);
  });
}

TEST_CASE("number set: with too many gaps the oldest ones count as full") {
  number_set numbers;

  for (std::uint64_t n = 0; n <= number_set::max_intervals; ++n)
    numbers.insert(10 + 2 * n);

  CHECK(numbers.intervals() == number_set::max_intervals);
  CHECK(numbers.contains(11));
  CHECK(!numbers.contains(13));
}
