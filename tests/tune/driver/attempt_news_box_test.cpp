#include "tune/driver/attempt_news_box.hpp"

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("attempt news box: the first one is to be told of, and all are taken at once, in order") {
  attempt_news_box box;
  CHECK(box.add({trial_id(1), 1}, attempt_alive{}));
  CHECK_FALSE(box.add({trial_id(2), 3}, attempt_report{}));

  const auto all = box.take();
  REQUIRE(all.size() == 2);
  CHECK(all[0].first == attempt_key{trial_id(1), 1});
  CHECK(all[1].first == attempt_key{trial_id(2), 3});
  CHECK(std::holds_alternative<attempt_report>(all[1].second));

  CHECK(box.take().empty());
  CHECK(box.add({trial_id(2), 3}, attempt_over{}));
}
