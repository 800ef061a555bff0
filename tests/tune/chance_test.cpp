#include "tune/chance.hpp"

#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"

using tune::chance;

TEST_CASE("chance: known numbers, the same on every machine") {
  CHECK(chance(1, "random", 1).bits(0) == 10031696755143377230u);
  CHECK(chance(1, "random", 1).bits(1) == 9352127414060106163u);
  CHECK(chance(7, "sobol", 10).bits(3) == 8707533395678050265u);
  CHECK(chance(1, "random", 1).unit(0) == doctest::Approx(0.5438193707821117).epsilon(1e-15));
}

TEST_CASE("chance: another seed, purpose, number or place is another draw") {
  std::set<std::uint64_t> drawn;
  for (std::uint64_t s = 0; s < 10; ++s)
    for (const char* purpose : {"random", "sobol"})
      for (std::uint64_t number = 0; number < 50; ++number)
        for (std::uint64_t i = 0; i < 20; ++i)
          drawn.insert(chance(s, purpose, number).bits(i));

  CHECK(drawn.size() == 10 * 2 * 50 * 20);
}

TEST_CASE("chance: the sequential draws are those of the places, from the first") {
  chance random(3, "test", 4);

  const auto first = random.unit();
  const auto second = random.unit();

  CHECK(first == random.unit(0));
  CHECK(second == random.unit(1));
}

TEST_CASE("chance: a branch is another stream, and another for each number") {
  const chance random(3, "test", 4);

  CHECK(random.branch("a", 1).bits(0) != random.bits(0));
  CHECK(random.branch("a", 1).bits(0) != random.branch("b", 1).bits(0));
  CHECK(random.branch("a", 1).bits(0) != random.branch("a", 2).bits(0));
  CHECK(random.branch("a", 1).bits(0) == chance(3, "test", 4).branch("a", 1).bits(0));
}

TEST_CASE("chance: draws stay in their ranges, and fill them") {
  for_each_seed(20, [](seed s) {
    chance random(s, "test", 1);
    std::set<std::int64_t> faces;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < 2'000; ++i) {
      const auto x = random.between(-2, 3);
      REQUIRE((x >= -2 && x < 3));
      const auto face = random.integer(1, 6);
      REQUIRE((face >= 1 && face <= 6));
      faces.insert(face);
      const auto z = random.normal(10, 2);
      sum += z;
      squares += (z - 10) * (z - 10);
    }
    CHECK(faces.size() == 6);
    CHECK(std::abs(sum / 2'000 - 10) < 0.2); // Over four standard errors.
    CHECK(std::abs(squares / 2'000 - 4) < 0.6);
  });
}

TEST_CASE("chance: the widest range of integers, and none") {
  chance random(1, "test", 1);
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 64; ++i) {
    const auto x = random.integer(INT64_MIN, INT64_MAX);
    negative = negative || x < 0;
    positive = positive || x > 0;
  }

  CHECK(negative);
  CHECK(positive);
  CHECK(random.below(0) == 0);
  CHECK(random.below(1) == 0);
  CHECK(random.integer(5, 5) == 5);
}
