#include "tune/searcher/early_ends.hpp"

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("early ends: many are a quarter that went no further than half of the way") {
  early_ends ends;
  CHECK_FALSE(ends.are_many());
  ends.on_completed(10);
  ends.on_stopped(10);
  ends.on_stopped(9);
  ends.on_stopped(5);
  CHECK(ends.are_many());
  ends.on_completed(10);
  CHECK_FALSE(ends.are_many());
  CHECK(ends.all() == 5);
}

TEST_CASE("early ends: a trial that ran to its own end is not early, but others are by it") {
  early_ends ends;
  ends.on_completed(1);
  ends.on_completed(1);
  ends.on_completed(100);
  CHECK_FALSE(ends.are_many());
  ends.on_stopped(50);
  CHECK(ends.are_many());
}

TEST_CASE("early ends: what never reported says nothing of how far it would have gone") {
  early_ends ends;
  ends.on_completed(10);
  ends.on_completed(0);
  ends.on_stopped(0);
  ends.on_waits(trial_id{1}, 0);

  CHECK(ends.all() == 1);
  CHECK_FALSE(ends.are_many());
}

TEST_CASE("early ends: a trial that waits counts once, and only while it waits") {
  early_ends ends;
  ends.on_completed(9);
  ends.on_waits(trial_id{1}, 1);
  ends.on_waits(trial_id{1}, 1);
  CHECK(ends.all() == 2);
  CHECK(ends.are_many());

  ends.on_goes_on(trial_id{1});
  ends.on_goes_on(trial_id{2});
  CHECK(ends.all() == 1);
  CHECK_FALSE(ends.are_many());

  ends.on_waits(trial_id{1}, 3);
  CHECK(ends.are_many());
}
