#include "tune/simulate/time_law.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

std::string why_not(const std::string& text) {
  const auto read = time_law::parse(text);
  REQUIRE(!read);
  return read.error().message;
}

/// Ascending, in seconds.
std::vector<double> draws_of(const std::string& text, std::size_t count = 10'001) {
  const auto law = or_throw(time_law::parse(text));
  std::vector<double> all;
  for (std::size_t i = 0; i < count; ++i) {
    chance random(7, "time law test", i);
    all.push_back(std::chrono::duration<double>(law.draw(random)).count());
  }
  std::sort(all.begin(), all.end());
  return all;
}

double mean_of(const std::vector<double>& all) {
  double sum = 0;
  for (const double each : all)
    sum += each;
  return sum / static_cast<double>(all.size());
}

} // namespace

TEST_CASE("time law: times with their units") {
  CHECK(or_throw(parse_time("500us")) == 500us);
  CHECK(or_throw(parse_time("20ms")) == 20ms);
  CHECK(or_throw(parse_time("2s")) == 2s);
  CHECK(or_throw(parse_time("1.5m")) == 90s);
  CHECK(or_throw(parse_time("6h")) == 6h);
  CHECK(or_throw(parse_time("3650d")) == longest_time);
  CHECK(or_throw(parse_time("0s")) == 0s);
}

TEST_CASE("time law: what is no time says what would be one") {
  const std::string example = "; use a number and its unit, for example 20ms, 2s, 1.5m, 6h or 30d";

  CHECK(why_not("2") == "\"2\" is no time" + example);
  CHECK(why_not("s") == "\"s\" is no time" + example);
  CHECK(why_not("2 s") == "\"2 s\" is no time" + example);
  CHECK(why_not("nans") == "\"nans\" is no time from 0s to 3650d");
  CHECK(why_not("-2s") == "\"-2s\" is no time from 0s to 3650d");
  CHECK(why_not("3651d") == "\"3651d\" is no time from 0s to 3650d");
  CHECK(why_not("gamma:1s,2s") ==
        "there is no distribution \"gamma\"; use for example uniform:1s,3s, exponential:2s or "
        "lognormal:2s,0.5");
  CHECK(why_not("uniform:1s") == "\"uniform:1s\" has 1 values, but uniform takes 2; use for example uniform:1s,3s");
  CHECK(why_not("exponential:1s,2s") ==
        "\"exponential:1s,2s\" has 2 values, but exponential takes 1; use for example exponential:2s");
  CHECK(why_not("uniform:3s,1s") == "\"uniform:3s,1s\": 1s is less than 3s");
  CHECK(why_not("lognormal:2,0.5") == "\"2\" is no time" + example);
  CHECK(why_not("lognormal:2s,half") == "\"lognormal:2s,half\": half is no standard deviation of a logarithm from 0 to "
                                        "5; 0.5 is a factor of 1.65 up or down");
}

TEST_CASE("time law: what is drawn has the mean, median and bounds that it was given") {
  const auto always = draws_of("2s", 3);
  CHECK(always.front() == 2);
  CHECK(always.back() == 2);

  const auto uniform = draws_of("uniform:1s,3s");
  CHECK(uniform.front() >= 1);
  CHECK(uniform.back() < 3);
  CHECK(mean_of(uniform) == doctest::Approx(2).epsilon(0.02));

  const auto exponential = draws_of("exponential:2s");
  CHECK(exponential.front() >= 0);
  CHECK(mean_of(exponential) == doctest::Approx(2).epsilon(0.05));
  CHECK(exponential[5000] == doctest::Approx(2 * 0.6931).epsilon(0.05));

  const auto lognormal = draws_of("lognormal:2s,0.5");
  CHECK(lognormal[5000] == doctest::Approx(2).epsilon(0.03));
  CHECK(lognormal[8413] == doctest::Approx(2 * 1.6487).epsilon(0.05)); // One deviation up.
}
