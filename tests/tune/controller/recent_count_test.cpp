#include "tune/controller/recent_count.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr runtime::instant start{1h};

} // namespace

TEST_CASE("recent count: of the last window, while the next one is counted") {
  recent_count count;
  CHECK(count.in_last_window(start) == 0);
  for (int i = 0; i < 7; ++i)
    count.add(start + 1ms);
  CHECK(count.in_last_window(start + 9ms) == 0); // It is not over.
  count.add(start + 11ms);
  CHECK(count.in_last_window(start + 12ms) == 7);
  CHECK(count.in_last_window(start + 21ms) == 1);
}

TEST_CASE("recent count: after a window with none it is none") {
  recent_count count;
  count.add(start);
  count.add(start);
  CHECK(count.in_last_window(start + 20ms) == 0);
  count.add(start + 25ms);
  CHECK(count.in_last_window(start + 30ms) == 1);
}
