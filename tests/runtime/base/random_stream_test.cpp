#include "runtime/base/random_stream.hpp"

#include <map>

#include <doctest/doctest.h>

using runtime::random_stream;

TEST_CASE("random stream: the same seed and purpose draw the same numbers, another purpose others") {
  random_stream a(7, "ports"), b(7, "ports"), c(7, "delays");

  const auto first = a.next();

  CHECK(first == b.next());
  CHECK(first != c.next());
}

TEST_CASE("random stream: the numbers of seed 1 are the same for ever") {
  random_stream random(1);

  CHECK(random.next() == 2469588189546311528u); // mt19937_64's own first number for seed 1.
}

TEST_CASE("random stream: below() stays below and reaches everything") {
  random_stream random(3);
  std::map<std::uint64_t, int> seen;

  for (int i = 0; i < 7000; ++i)
    ++seen[random.below(7)];

  CHECK(seen.size() == 7);
  for (const auto& [number, times] : seen) {
    CHECK(number < 7);
    CHECK(times > 800);
    CHECK(times < 1200);
  }
}

TEST_CASE("random stream: unit() lies in [0, 1)") {
  random_stream random(4);

  for (int i = 0; i < 1000; ++i) {
    const double drawn = random.unit();
    CHECK(drawn >= 0);
    CHECK(drawn < 1);
  }
}
