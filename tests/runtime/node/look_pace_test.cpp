#include "runtime/node/look_pace.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const instant start{100s};

/// Looks as often as it is due until `until`; returns the last look's end.
instant look_until(look_pace& pace, instant until, core_clock::duration took) {
  auto ended = start;
  while (const auto at = pace.look_at()) {
    if (*at > until)
      break;
    ended = std::max(*at, ended) + took;
    pace.on_looked(ended - took, ended, /*is_clear=*/false);
  }
  return ended;
}

} // namespace

TEST_CASE("look pace: without anything told nothing is due") {
  look_pace pace;

  CHECK_FALSE(pace.look_at());
}

TEST_CASE("look pace: the first look is due at once, and none after it is clear") {
  look_pace pace;

  pace.on_told(start);
  REQUIRE(pace.look_at());
  CHECK(*pace.look_at() <= start);
  pace.on_looked(start, start + 2ms, /*is_clear=*/true);

  CHECK_FALSE(pace.look_at());
}

TEST_CASE("look pace: whoever comes right after a clear look waits no longer than that look took") {
  look_pace pace;
  pace.on_told(start);
  pace.on_looked(start, start + 2ms, /*is_clear=*/true);

  pace.on_told(start + 3ms);

  CHECK(*pace.look_at() == start + 4ms);
}

TEST_CASE("look pace: while something is young the looks are at most 20 ms apart, later 500 ms") {
  look_pace pace;
  pace.on_told(start);

  const auto young = look_until(pace, start + 900ms, 1ms);
  CHECK(*pace.look_at() - young <= 20ms);

  const auto old = look_until(pace, start + 10s, 1ms);
  CHECK(*pace.look_at() - old == 500ms);
}

TEST_CASE("look pace: one that does not die holds up no other") {
  look_pace pace;
  pace.on_told(start);
  const auto last = look_until(pace, start + 10s, 1ms);

  pace.on_told(last + 5ms);

  CHECK(*pace.look_at() <= last + 5ms);
}

TEST_CASE("look pace: where a look takes long, the rest after it is as long") {
  look_pace pace;
  pace.on_told(start);

  pace.on_looked(start, start + 15ms, /*is_clear=*/false);

  CHECK(*pace.look_at() == start + 30ms);
}
