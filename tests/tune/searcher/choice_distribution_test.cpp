#include "tune/searcher/choice_distribution.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"

using namespace tune;

namespace {

using choices = std::vector<std::uint32_t>;

} // namespace

TEST_CASE("choice distribution: all are as likely at first, and drawn by their shares") {
  const choice_distribution x({2, 4});
  CHECK(x.share(0, 1) == 0.5);
  CHECK(x.share(1, 3) == 0.25);
  CHECK(x.drawn(0, 0) == 0);
  CHECK(x.drawn(0, 0.5) == 1);
  CHECK(x.drawn(1, 0.74) == 2);
  CHECK(x.drawn(1, std::nextafter(1.0, 0.0)) == 3);
}

TEST_CASE("choice distribution: a step along the natural gradient has length 1, but no choice becomes impossible") {
  // Of two, and all of the best took the first: the gradient (0.5, -0.5) has the normalised length 1, so that it is
  // taken whole; the margin is 1 - 0.73.
  choice_distribution certain({2});
  const choices first = {0};
  certain.update({{&first, 1}});
  CHECK(certain.share(0, 0) == doctest::Approx(0.73));
  CHECK(certain.share(0, 1) == doctest::Approx(0.27));

  // Of four, weights 0.6 and 0.4: the gradient (0.35, 0.15, -0.25, -0.25) has the length sqrt(1.08), the root of the
  // sum of d^2 / q. The last two end at the margin, (1 - sqrt(0.73)) / 3, for which the others give way.
  choice_distribution some({4, 2});
  const choices a = {0, 0};
  const choices b = {1, 1};
  const choices c = {0, 1};
  const choices d = {1, 0};
  some.update({{&a, 0.3}, {&c, 0.3}, {&b, 0.2}, {&d, 0.2}});
  CHECK(some.share(0, 0) == doctest::Approx(0.5391811).epsilon(1e-6));
  CHECK(some.share(0, 2) == doctest::Approx((1 - std::sqrt(0.73)) / 3));
  CHECK(some.share(1, 0) == doctest::Approx(0.5)); // Nothing speaks for either.
}

TEST_CASE("choice distribution: shares stay shares, whatever is told") {
  int learned = 0;
  for_each_seed(100, [&](seed s) {
    chance random(s, "choices", 0);
    const std::vector<std::size_t> counts = {2, 3, static_cast<std::size_t>(random.integer(2, 30))};
    choice_distribution x(counts);
    for (int generation = 0; generation < 200; ++generation) {
      std::vector<choices> told;
      for (int i = 0; i < 4; ++i) {
        told.emplace_back();
        for (std::size_t j = 0; j < counts.size(); ++j)
          told.back().push_back(random.happens(0.3) ? 0 : x.drawn(j, random.unit()));
      }
      x.update({{&told[0], 0.5}, {&told[1], 0.3}, {&told[2], 0.15}, {&told[3], 0.05}});
      for (std::size_t j = 0; j < counts.size(); ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < counts[j]; ++k) {
          REQUIRE(x.share(j, k) >= (1 - std::pow(0.73, 1.0 / 3)) / static_cast<double>(counts[j] - 1) * 0.999);
          sum += x.share(j, k);
        }
        REQUIRE(sum == doctest::Approx(1));
      }
    }
    learned += x.likeliest(0) == 0 && x.likeliest(2) == 0 ? 1 : 0; // Which three of ten are told to be good.
  });
  CHECK(learned > 80);
}
