#include "tests/simulation/storm.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

TEST_CASE("storm: whatever a seed draws, nothing is held twice, nothing is lost and nothing stays behind (I1)") {
  for_each_seed(100, [](seed s) {
    const auto what = sim::draw_storm(s);
    INFO(sim::to_text(what));
    CHECK(sim::survive(what, s).wrong == "");
  });
}

TEST_CASE("storm: the same seed is the same storm, event by event") {
  for_each_seed(5, [](seed s) {
    const auto first = sim::survive(sim::draw_storm(s), s);
    const auto second = sim::survive(sim::draw_storm(s), s);

    CHECK(first.trace_hash == second.trace_hash);
    CHECK(first.events == second.events);
    CHECK(first.trace_hash != sim::survive(sim::draw_storm(s), s + 1).trace_hash);
  });
}

TEST_CASE("storm: of a hundred seeds each fault is in some, and a few are calm") {
  std::set<std::string> names;
  std::size_t calm = 0;
  std::size_t only_silence = 0;
  for (seed s = 1; s <= 100; ++s) {
    const auto what = sim::draw_storm(s);
    calm += what.faults.empty() ? 1 : 0;
    only_silence += what.only_silence ? 1 : 0;
    for (const auto& each : what.faults)
      names.insert(each.name);
  }
  CHECK(names.size() == 11);
  CHECK(calm > 0);
  CHECK(only_silence > 10);
}

TEST_CASE("storm: what happens is told in lines with its time") {
  std::string text;
  const auto told = sim::survive(sim::draw_storm(1), 1, [&](const std::string& line) { text += line + '\n'; });

  CHECK(told.trace_hash == sim::survive(sim::draw_storm(1), 1).trace_hash); // Whoever listens changes nothing.
  CHECK(text.find(" s  m1 -> m0  NodeHello start ") != std::string::npos);
  CHECK(text.find(" begins work ") != std::string::npos);
  CHECK(text.find(" s  no more faults\n") != std::string::npos);
}
