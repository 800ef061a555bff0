#include "runtime/resources/amount.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

namespace {

std::string message_of(const result<amount>& r) {
  return r ? "an amount: " + r->to_string() : r.error().message;
}

} // namespace

TEST_CASE("amount: what a double means is kept to a step, not cut") {
  CHECK(or_throw(amount::from_double(0.57)).units() == 5'700);
  CHECK(or_throw(amount::from_double(0.1)) + or_throw(amount::from_double(0.2)) == or_throw(amount::from_double(0.3)));
  CHECK(or_throw(amount::from_double(0)).is_zero());
  CHECK(or_throw(amount::from_double(1e14)) == amount::limit());
  CHECK(or_throw(amount::from_double(12'345'678'901'234.0)) == amount::whole(12'345'678'901'234));
  CHECK(or_throw(amount::from_double(10'000'000'000.57)).units() == 100'000'000'005'700);
}

TEST_CASE("amount: a double that is no amount is refused with its value") {
  CHECK(message_of(amount::from_double(-1)) == "-1 is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(amount::from_double(0.00005)) == "5e-05 is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(amount::from_double(1.1e14)) ==
        "110000000000000 is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(amount::from_double(std::numeric_limits<double>::quiet_NaN())) ==
        "nan is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(amount::from_double(std::numeric_limits<double>::infinity())) ==
        "inf is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(amount::from_double(-1).error().code == errc::invalid_argument);
}

TEST_CASE("amount: a number from outside is checked") {
  CHECK(or_throw(amount::from_outside(5'000)) == amount::from_units(5'000));
  CHECK(or_throw(amount::from_outside(amount::limit().units())) == amount::limit());
  CHECK(message_of(amount::from_outside(-1)) == "-1 steps of 0.0001 are not an amount; use 0 to 1e18");
  CHECK(message_of(amount::from_outside(1'000'000'000'000'000'001)) ==
        "1000000000000000001 steps of 0.0001 are not an amount; use 0 to 1e18");
}

TEST_CASE("amount: overflow and less than nothing break the invariant and change nothing") {
  auto a = amount::whole(1);

  CHECK_THROWS_AS(a -= amount::from_units(10'001), broken_invariant);
  CHECK_THROWS_AS(a += amount::more_than_any(), broken_invariant);
  CHECK_THROWS_AS(amount::from_units(-1), broken_invariant);
  CHECK_THROWS_AS(amount::whole(1'000'000'000'000'000), broken_invariant);
  CHECK_THROWS_AS(amount::whole(-1), broken_invariant);

  CHECK(a == amount::whole(1));
}

TEST_CASE("amount: is shown exactly and without trailing zeros") {
  CHECK(amount().to_string() == "0");
  CHECK(amount::whole(20).to_string() == "20");
  CHECK(amount::from_units(5'000).to_string() == "0.5");
  CHECK(amount::from_units(1).to_string() == "0.0001");
  CHECK(amount::from_units(12'340).to_string() == "1.234");
  CHECK(fmt::format("{:>5}", amount::from_units(5'000)) == "  0.5");
}

TEST_CASE("amount: flags are read exactly") {
  CHECK(or_throw(parse_amount("2")) == amount::whole(2));
  CHECK(or_throw(parse_amount("0.57")).units() == 5'700);
  CHECK(or_throw(parse_amount(".5")).units() == 5'000);
  CHECK(or_throw(parse_amount("0.50000000")).units() == 5'000);
  CHECK(or_throw(parse_amount("1e14")) == amount::limit());
  CHECK(or_throw(parse_amount("99999999999999.9999")).units() == 999'999'999'999'999'999);
  CHECK(or_throw(parse_amount("25e-2")).units() == 2'500);
  CHECK(or_throw(parse_amount("0e99")).is_zero());
}

TEST_CASE("amount: a flag that is no amount is refused as it was written") {
  CHECK(within("--cpus", parse_amount("-1").error()).message ==
        "--cpus: -1 is not an amount; use 0 to 1e14 in steps of 0.0001");
  for (const char* text : {"nan", "inf", "0x10", "1.2.3", ".", "e5", "1e", "1e+", "1e999", "0.00001", "1e15", "2e14",
                           "100000000000000.0001", "1e19", "99999999999999999999", "+1"})
    CHECK(message_of(parse_amount(text)) == std::string(text) + " is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(parse_amount("")) == "\"\" is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(parse_amount("1 cpu")) == "\"1 cpu\" is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of(parse_amount("1\n")) == "\"1\\n\" is not an amount; use 0 to 1e14 in steps of 0.0001");
}

TEST_CASE("amount: memory is read in binary and decimal units, or as bytes") {
  CHECK(or_throw(parse_memory("16GiB")) == amount::whole(17'179'869'184));
  CHECK(or_throw(parse_memory("512MiB")) == amount::whole(536'870'912));
  CHECK(or_throw(parse_memory("1.5GB")) == amount::whole(1'500'000'000));
  CHECK(or_throw(parse_memory("2TiB")) == amount::whole(2'199'023'255'552));
  CHECK(or_throw(parse_memory("4KiB")) == amount::whole(4'096));
  CHECK(or_throw(parse_memory("4096")) == amount::whole(4'096));
  CHECK(or_throw(parse_memory("100TB")) == amount::limit());
}

TEST_CASE("amount: memory that cannot be read is refused as it was written") {
  const std::string why = " is not an amount of memory; use bytes up to 1e14 or for example 16GiB, 512MiB, 1.5GB";
  for (const char* text : {"-1", "GiB", "16gib", "16G", "100.1TB", "1e30GiB", "1.00001GiB", "nan"})
    CHECK(message_of(parse_memory(text)) == text + why);
  CHECK(message_of(parse_memory("")) == "\"\"" + why);
  CHECK(message_of(parse_memory("16 GiB")) == "\"16 GiB\"" + why);
}

TEST_CASE("amount: memory is shown as the shortest text that is exact") {
  CHECK(memory_to_string(amount::whole(17'179'869'184)) == "16GiB");
  CHECK(memory_to_string(amount::whole(1'610'612'736)) == "1.5GiB");
  CHECK(memory_to_string(amount::whole(1'500'000'000)) == "1.5GB");
  CHECK(memory_to_string(amount::whole(536'870'912)) == "512MiB");
  CHECK(memory_to_string(amount::whole(1'024)) == "1KiB");
  CHECK(memory_to_string(amount::whole(1'000'001)) == "1000001");
  CHECK(memory_to_string(amount::whole(512)) == "512");
  CHECK(memory_to_string(amount()) == "0");
}

TEST_CASE("amount: what is shown is read back as the same amount") {
  for_each_seed(1'000, [](seed s) {
    random_stream random(s);
    const auto magnitude = std::uint64_t{1} << random.below(60);
    const auto any = amount::from_units(static_cast<std::int64_t>(
      std::min<std::uint64_t>(random.below(magnitude), static_cast<std::uint64_t>(amount::limit().units()))));

    REQUIRE(or_throw(parse_amount(any.to_string())) == any);
    REQUIRE(or_throw(parse_memory(memory_to_string(any))) == any);
    if (any < amount::whole(1'000'000'000))
      REQUIRE(or_throw(amount::from_double(any.to_double())) == any);
  });
}
