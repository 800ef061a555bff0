#include "runtime/node/lease_room.hpp"

#include <doctest/doctest.h>

#include "runtime/node/settled_numbers.hpp"

using namespace runtime;

namespace {

resource_set parse(const char* text) {
  return or_throw(resource_set::parse(text));
}

} // namespace

TEST_CASE("lease room: works share what the lease holds, devices included, and give back just that") {
  lease_room room(parse("cpu=2,gpu=2"), {{3, amount::whole(1)}, {5, amount::whole(1)}});

  const auto half = or_throw(room.take(parse("cpu=0.5,gpu=0.5")));
  const auto other_half = or_throw(room.take(parse("cpu=0.5,gpu=0.5")));
  const auto one = or_throw(room.take(parse("cpu=1,gpu=1")));

  REQUIRE(half.gpus.size() == 1);
  CHECK(half.gpus == other_half.gpus); // So that a whole device is left.
  REQUIRE(one.gpus.size() == 1);
  CHECK(one.gpus[0].index != half.gpus[0].index);
  CHECK(room.free().resources.empty());
  for (const auto& share : {half, one, other_half})
    room.give_back(share);
  CHECK(room.free().resources == room.whole().resources);
  CHECK(room.free().gpus == room.whole().gpus);
}

TEST_CASE("lease room: nothing said is all of it") {
  lease_room room(parse("cpu=2,gpu=0.5"), {{3, or_throw(amount::from_double(0.5))}});

  const auto all = or_throw(room.take({}));

  CHECK(all.resources == parse("cpu=2,gpu=0.5"));
  CHECK(all.gpus.size() == 1);
  CHECK(room.take({}).error().message == "wants all of cpu=2 gpu=0.5 but only nothing is free");
  room.give_back(all);
  CHECK(room.take({}));
}

TEST_CASE("lease room: it tells what never fits from what does not fit now") {
  lease_room room(parse("cpu=2"), {});

  CHECK(room.take(parse("cpu=3")).error().code == errc::infeasible);
  CHECK(room.take(parse("cpu=3")).error().message == "wants cpu=3 but the lease holds cpu=2");
  or_throw(room.take(parse("cpu=1.5")));
  CHECK(room.take(parse("cpu=1")).error().code == errc::refused);
  CHECK(room.take(parse("cpu=1")).error().message == "wants cpu=1 but only cpu=0.5 is free");
}

TEST_CASE("settled numbers: each may come once, in any order, but not from too far ahead") {
  settled_numbers numbers;

  CHECK_FALSE(numbers.may_come(0));
  CHECK(numbers.may_come(1));
  numbers.add(2);
  CHECK_FALSE(numbers.may_come(2));
  CHECK(numbers.may_come(1));
  numbers.add(1);
  CHECK_FALSE(numbers.may_come(1));
  CHECK_FALSE(numbers.may_come(2));
  CHECK(numbers.may_come(2 + settled_numbers::most_ahead));
  CHECK_FALSE(numbers.may_come(3 + settled_numbers::most_ahead));
}
