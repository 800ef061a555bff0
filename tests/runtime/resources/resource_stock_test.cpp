#include "runtime/resources/resource_stock.hpp"

#include <doctest/doctest.h>

#include "runtime/base/invariant.hpp"

using namespace runtime;

namespace {

resource_set parsed(const char* text) {
  return or_throw(resource_set::parse(text));
}

std::string devices_taken(resource_stock& stock, const char* demand) {
  const auto shares = stock.take(parsed(demand));
  return shares ? visible_devices(*shares) : "none";
}

std::string why_not(const resource_stock& stock, const char* demand) {
  return stock.why_not(parsed(demand)).message;
}

} // namespace

TEST_CASE("a demand of gpu is whole, or less than one device") {
  CHECK(validate_demand(parsed("gpu=2")));
  CHECK(validate_demand(parsed("gpu=0.0001")));
  CHECK(validate_demand(parsed("cpu=1.5")));
  const auto bad = validate_demand(parsed("cpu=1,gpu=1.5"));
  REQUIRE(!bad);
  CHECK(bad.error() == error{errc::invalid_argument,
                             "gpu=1.5 is neither whole nor less than one device; use for example gpu=1, gpu=2 or "
                             "gpu=0.5"});
}

TEST_CASE("a node has a whole number of gpus, and not too many") {
  CHECK(validate_capacity(parsed("cpu=0.5,gpu=1024")));
  const auto half = validate_capacity(parsed("gpu=0.5"));
  REQUIRE(!half);
  CHECK(half.error().message == "gpu=0.5 is not a number of devices; use a whole number from 0 to 1024");
  const auto many = validate_capacity(parsed("gpu=1025"));
  REQUIRE(!many);
  CHECK(many.error().message == "gpu=1025 is not a number of devices; use a whole number from 0 to 1024");
  CHECK_THROWS_AS(resource_stock(parsed("gpu=1e14")), broken_invariant);
}

TEST_CASE("resource stock: a whole demand takes the free devices of lowest index") {
  resource_stock stock(parsed("gpu=4"));

  CHECK(devices_taken(stock, "gpu=0.5") == "0");
  CHECK(devices_taken(stock, "gpu=2") == "1,2");
  CHECK(devices_taken(stock, "gpu=2") == "none");
  CHECK(devices_taken(stock, "gpu=1") == "3");
}

TEST_CASE("resource stock: a fraction comes from the most used device that has room") {
  resource_stock stock(parsed("gpu=3"));

  CHECK(devices_taken(stock, "gpu=0.5") == "0"); // All are equal: the lowest index.
  CHECK(devices_taken(stock, "gpu=0.7") == "1"); // 0 has no room.
  CHECK(devices_taken(stock, "gpu=0.3") == "1"); // Fuller than 0.
  CHECK(devices_taken(stock, "gpu=0.5") == "0");
  CHECK(devices_taken(stock, "gpu=0.1") == "2");
  CHECK(stock.free_gpus() == std::vector{amount(), amount(), amount::from_units(9'000)});
}

TEST_CASE("resource stock: fractions of two devices never add up to one") {
  resource_stock stock(parsed("gpu=2"));
  REQUIRE(stock.take(gpus(0.6)));
  REQUIRE(stock.take(gpus(0.6)));
  REQUIRE(stock.free() == gpus(0.8));

  CHECK_FALSE(stock.would_fit(gpus(0.5)));
  CHECK(stock.lacking(gpus(0.5)) == gpus(0.1));
  CHECK(why_not(stock, "gpu=0.5") ==
        "wants gpu=0.5 but only gpu=0.4 is free (gpu=0.8 is free in parts of devices, which never add up to one)");
  CHECK(why_not(stock, "gpu=1") == "wants gpu=1 but only gpu=0 is free");
  CHECK(stock.would_fit(gpus(0.4)));
}

TEST_CASE("resource stock: why a demand does not fit names what is missing, and whether it ever fits") {
  resource_stock stock(parsed("cpu=8,memory=16GiB,gpu=1"));
  REQUIRE(stock.take(parsed("cpu=6,memory=12GiB")));

  CHECK(why_not(stock, "cpu=4,gpu=1,memory=8GiB") == "wants cpu=4 memory=8GiB but only cpu=2 memory=4GiB is free");
  CHECK(stock.why_not(cpus(4)).code == errc::refused);
  CHECK(why_not(stock, "cpu=16,license=1,memory=8GiB") ==
        "wants cpu=16 license=1 but the node has only cpu=8 license=0");
  CHECK(stock.why_not(cpus(16)).code == errc::infeasible);
  CHECK(stock.lacking_ever(cpus(16)) == cpus(8));
  CHECK(stock.why_not(gpus(1.5)).code == errc::invalid_argument);
  CHECK(stock.could_ever_fit(cpus(8)));
  CHECK_FALSE(stock.could_ever_fit(cpus(9)));
  CHECK_FALSE(stock.could_ever_fit(gpus(1.5)));
}

TEST_CASE("resource stock: a demand of half a device and a half is refused where two are free") {
  resource_stock stock(gpus(2));

  CHECK_FALSE(stock.could_ever_fit(gpus(1.5)));
  CHECK_FALSE(stock.would_fit(gpus(1.5)));
  CHECK(stock.take(gpus(1.5)) == std::nullopt);
}

TEST_CASE("resource stock: utilisation is the highest used share of what the node has") {
  resource_stock stock(parsed("cpu=8,memory=16GiB,license=2"));
  CHECK(stock.utilisation() == 0);

  REQUIRE(stock.take(parsed("cpu=2,memory=8GiB")));

  CHECK(stock.utilisation() == doctest::Approx(0.5));
  CHECK(stock.utilisation_after(cpus(4)) == doctest::Approx(0.75));
  CHECK(stock.utilisation_after(parsed("license=2")) == doctest::Approx(1));
  CHECK(stock.utilisation_after(gpus(1)) == doctest::Approx(0.5)); // The node has none: no share of anything.
  CHECK(resource_stock(resource_set()).utilisation() == 0);
}

TEST_CASE("resource stock: exact devices are taken only as a judge could have granted them") {
  resource_stock stock(parsed("cpu=1,gpu=3"));
  const auto before = stock;
  const auto half = amount::from_units(5'000);
  const auto one = amount::whole(1);
  const auto message = [&](const resource_set& demand, const std::vector<gpu_share>& shares) {
    const auto taken = stock.take_exactly(demand, shares);
    return taken ? "taken" : taken.error().message;
  };

  CHECK(message(gpus(2), {{0, one}}) == "wants gpu=2 but names 1 devices; name 2");
  CHECK(message(gpus(0.5), {}) == "wants gpu=0.5 but names 0 devices; name 1");
  CHECK(message(cpus(1), {{0, one}}) == "wants gpu=0 but names 1 devices; name 0");
  CHECK(message(gpus(2), {{0, one}, {3, one}}) == "wants gpu 3 but the node has only 3");
  CHECK(message(gpus(1), {{0, half}}) == "wants gpu=1 but 0.5 of gpu 0; use 1");
  CHECK(message(gpus(0.5), {{0, one}}) == "wants gpu=0.5 but 1 of gpu 0; use 0.5");
  CHECK(message(gpus(2), {{1, one}, {1, one}}) == "names gpu 1 behind gpu 1; name each once, in order");
  CHECK(message(gpus(2), {{2, one}, {1, one}}) == "names gpu 1 behind gpu 2; name each once, in order");
  CHECK(message(cpus(2), {}) == "wants cpu=2 but the node has only cpu=1");
  CHECK(stock == before);

  CHECK(message(gpus(0.5), {{2, half}}) == "taken");
  CHECK(message(gpus(1), {{2, one}}) == "wants 1 of gpu 2 but only 0.5 of it is free");
  CHECK(stock.free_gpus() == std::vector{one, one, half});
}

TEST_CASE("resource stock: giving back what was not taken breaks the invariant") {
  resource_stock stock(parsed("cpu=1,gpu=2"));
  REQUIRE(stock.take(gpus(1)));

  CHECK_THROWS_AS(resource_stock(stock).give_back(cpus(1), {}), broken_invariant);
  CHECK_THROWS_AS(resource_stock(stock).give_back(gpus(1), {{1, amount::whole(1)}}), broken_invariant);
}
