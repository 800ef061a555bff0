#include "runtime/resources/resource_set.hpp"

#include <map>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"

using namespace runtime;

namespace {

resource_set parsed(const char* text) {
  return or_throw(resource_set::parse(text));
}

std::string mistakes_in(std::string_view text) {
  const auto set = resource_set::parse(text);
  return set ? "none: " + set->to_string() : set.error().message;
}

} // namespace

TEST_CASE("resource set: zero is not stored") {
  auto set = parsed("cpu=2,gpu=0,license=1,disk=0");
  CHECK(set.size() == 2);

  set.set("cpu", amount());
  set.set("license", amount());
  set.set("disk", amount());

  CHECK(set.empty());
  CHECK(set == resource_set());
  CHECK(set.begin() == set.end());
  CHECK(set.to_string() == "nothing");
}

TEST_CASE("resource set: is shown with the known names first, then by name") {
  CHECK(parsed("zebra=1,memory=16GiB,gpu=0.5,apple=3,cpu=2").to_string() ==
        "cpu=2 gpu=0.5 memory=16GiB apple=3 zebra=1");
  CHECK(fmt::format("[{:>6}]", cpus(2)) == "[ cpu=2]");
}

TEST_CASE("resource set: what it holds can be asked by name, by kind and in order") {
  const auto set = parsed(" license = 2 , cpu=1.5,memory=1KiB,\tgpu=1");

  CHECK(set.get("license") == amount::whole(2));
  CHECK(set.get("unknown").is_zero());
  CHECK(set.get("cpu") == set.cpu());
  CHECK(set.cpu() == amount::from_units(15'000));
  CHECK(set.gpu() == amount::whole(1));
  CHECK(set.memory() == amount::whole(1'024));
  std::string seen;
  for (const auto [name, value] : set)
    seen += fmt::format("{}:{};", name, value);
  CHECK(seen == "cpu:1.5;gpu:1;memory:1024;license:2;");
  CHECK((*set.begin_custom()).name == "license");
  CHECK(cpus(1).begin_custom() == cpus(1).end());
}

TEST_CASE("resource set: an empty text is an empty set") {
  CHECK(parsed("").empty());
  CHECK(parsed("  ").empty());
}

TEST_CASE("resource set: each mistake of a text is named, all at once") {
  CHECK(mistakes_in("cpu") == "\"cpu\" is not a resource; write name=amount");
  CHECK(mistakes_in("cpu=1,") == "\"\" is not a resource; write name=amount");
  CHECK(mistakes_in("cpu=1,cpu=0") == "cpu is named twice; name each resource once");
  CHECK(mistakes_in("=1") == "a resource has no name; write name=amount");
  CHECK(mistakes_in("2x=1") == "\"2x\" is not a resource name; use a letter, then letters, digits, and any of _-.:");
  CHECK(mistakes_in(std::string(64, 'x') + "=1") ==
        "the resource name \"xxxxxxxxxxxxxxxxxxxx\"... has 64 characters; use at most 63");
  CHECK(mistakes_in("cpu=-1,gpu=nan,memory=x,a b=1,cpu=2,disk") ==
        "cpu: -1 is not an amount; use 0 to 1e14 in steps of 0.0001"
        " | gpu: nan is not an amount; use 0 to 1e14 in steps of 0.0001"
        " | memory: x is not an amount of memory; use bytes up to 1e14 or for example 16GiB, 512MiB, 1.5GB"
        " | \"a b\" is not a resource name; use a letter, then letters, digits, and any of _-.:"
        " | cpu is named twice; name each resource once"
        " | \"disk\" is not a resource; write name=amount");
  CHECK(resource_set::parse("cpu").error().code == errc::invalid_argument);
}

TEST_CASE("resource set: too many names are refused, as many as allowed are not") {
  std::string text = "r0=1";
  for (std::size_t i = 1; i != resource_set::max_names; ++i)
    text += fmt::format(",r{}=1", i);
  CHECK(parsed(text.c_str()).size() == resource_set::max_names);
  CHECK(mistakes_in(text + ",more=1") == "65 resources are too many; name at most 64");
}

TEST_CASE("resource set: entries from outside are checked like a text") {
  const auto good = resource_set::from_outside({{"gpu", 5'000}, {"cpu", 10'000}, {"license", 0}});
  REQUIRE(good);
  CHECK(*good == parsed("cpu=1,gpu=0.5"));

  const auto bad = resource_set::from_outside({{"cpu", -1}, {"", 1}, {"gpu", 1}, {"gpu", 1}});
  REQUIRE(!bad);
  CHECK(bad.error().message == "cpu: -1 steps of 0.0001 are not an amount; use 0 to 1e18"
                               " | a resource has no name; write name=amount"
                               " | gpu is named twice; name each resource once");
}

TEST_CASE("resource set: a name that was not checked breaks the invariant") {
  resource_set set;
  CHECK_THROWS_AS(set.set("no name", amount::whole(1)), broken_invariant);
}

TEST_CASE("resource set: by how much a demand misses is what the node lacks") {
  const auto node = parsed("cpu=4,memory=8GiB,license=1");

  CHECK(parsed("cpu=4,license=1").fits_in(node));
  CHECK(parsed("cpu=4,license=1").missing_from(node).empty());
  CHECK_FALSE(parsed("cpu=4.0001").fits_in(node));
  CHECK_FALSE(parsed("disk=1").fits_in(node));
  CHECK_FALSE(parsed("license=1,zebra=1").fits_in(node));
  CHECK(parsed("cpu=6,gpu=1,memory=1GiB,license=3,disk=1").missing_from(node) ==
        parsed("cpu=2,gpu=1,license=2,disk=1"));
}

TEST_CASE("resource set: a sum of users' wishes is capped, and the cap fits nowhere") {
  const auto most = parsed("cpu=1e14,license=1");
  auto sum = most;
  for (int i = 0; i != 20; ++i)
    sum = capped_sum(sum, most);

  CHECK(sum.cpu() == amount::more_than_any());
  CHECK(sum.get("license") == amount::whole(21));
  CHECK_FALSE(sum.fits_in(most));
}

TEST_CASE("resource set: less than nothing breaks the invariant") {
  CHECK_THROWS_AS(cpus(1) - cpus(2), broken_invariant);
  CHECK_THROWS_AS(cpus(1) - parsed("license=1"), broken_invariant);
}

TEST_CASE("resource set: a set can be added to itself and taken from itself") {
  auto set = parsed("cpu=1,a=1,b=2");
  set += set;
  CHECK(set == parsed("cpu=2,a=2,b=4"));
  set -= set;
  CHECK(set.empty());
}

TEST_CASE("resource set: behaves like a map of numbers") {
  using model = std::map<std::string, std::int64_t>;
  const auto set_of = [](const model& m) {
    resource_set set;
    for (const auto& [name, units] : m)
      set.set(name, amount::from_units(units));
    return set;
  };
  for_each_seed(500, [&](seed s) {
    random_stream random(s);
    constexpr const char* names[] = {"cpu", "gpu", "memory", "a", "b", "c", "d"};
    model a;
    model b;
    model sum;
    bool fits = true;
    for (const char* name : names) {
      a[name] = static_cast<std::int64_t>(random.below(3));
      b[name] = static_cast<std::int64_t>(random.below(3));
      sum[name] = a[name] + b[name];
      fits = fits && a[name] <= b[name];
    }

    REQUIRE(set_of(a) + set_of(b) == set_of(sum));
    REQUIRE(set_of(sum) - set_of(b) == set_of(a));
    REQUIRE(set_of(a).fits_in(set_of(b)) == fits);
    REQUIRE(set_of(a).missing_from(set_of(b)).empty() == fits);
    REQUIRE(set_of(a).missing_from(set_of(sum)).empty());
    REQUIRE((set_of(a) == set_of(b)) == (a == b));
    for (const char* name : names)
      REQUIRE(set_of(a).get(name).units() == a[name]);
  });
}
