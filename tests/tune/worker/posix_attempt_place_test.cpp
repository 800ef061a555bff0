#include "tune/worker/posix_attempt_place.hpp"

#include <doctest/doctest.h>

#include "tests/tune/worker/runner_fixture.hpp"

using namespace tune;

namespace {

attempt_order order_in(const path& storage) {
  attempt_order o;
  o.experiment = "7f3a91c2";
  o.storage_directory = (storage / "trial_1").string();
  o.marker_file = (storage / "marker").string();
  o.marker = "abc";
  return o;
}

} // namespace

TEST_CASE("attempt place: the storage is seen where its marker has the content that the driver wrote") {
  const test_directory storage;
  const auto order = order_in(storage.path());
  const path node = "/node/scratch/7";
  const auto place = [&] { return or_throw(place_of(order, node)); };

  CHECK_FALSE(place().sees_storage);
  CHECK(place().directory == "/node/scratch/7/7f3a91c2/trial_1");
  for (const auto* other : {"", "ab", "abcd", "xyz"}) { // Another storage at the same place.
    std::ofstream(order.marker_file) << other;
    CHECK_FALSE(place().sees_storage);
  }
  std::ofstream(order.marker_file) << "abc";
  CHECK(place().sees_storage);
  CHECK(place().directory == storage.path() / "trial_1");
}

TEST_CASE("attempt place: an order without a marker never sees the storage") {
  const test_directory storage;
  auto order = order_in(storage.path());
  order.marker = "";
  std::ofstream(order.marker_file).flush();
  CHECK_FALSE(or_throw(place_of(order, "/node")).sees_storage);
}

TEST_CASE("attempt place: where nothing can be written, it says why") {
  auto order = order_in("/no/such");
  CHECK(place_of(order, "").error().message ==
        "/no/such/trial_1: not seen from here, for there is no /no/such/marker with what the driver wrote; and this "
        "worker's node gave it no directory of its own");
  order.storage_directory = "trial_1";
  CHECK(place_of(order, "/node").error().message == "the trial's directory \"trial_1\" is not an absolute path");
  order.storage_directory = "/storage/";
  CHECK_FALSE(place_of(order, "/node"));
}
