#include "tests/simulation/search_storm.hpp"

#include <set>
#include <string>

#include <doctest/doctest.h>

TEST_CASE("search storm: whatever a seed draws, each result counts once, and what was told is kept (I2, I3, I5, I6)") {
  for_each_seed(40, [](seed s) {
    const auto what = sim::draw_search_storm(s);
    INFO(sim::to_text(what));
    CHECK(sim::survive(what, s).wrong == "");
  });
}

TEST_CASE("search storm: the same seed is the same storm, event by event") {
  for_each_seed(5, [](seed s) {
    const auto first = sim::survive(sim::draw_search_storm(s), s);
    const auto second = sim::survive(sim::draw_search_storm(s), s);

    CHECK(first.trace_hash == second.trace_hash);
    CHECK(first.events == second.events);
    CHECK(first.trace_hash != sim::survive(sim::draw_search_storm(s), s + 1).trace_hash);
  });
}

TEST_CASE("search storm: of a hundred seeds each fault, searcher and scheduler is in some, and a few are calm") {
  std::set<std::string> faults, searchers, schedulers;
  std::size_t calm = 0;
  std::size_t in_process = 0;
  for (seed s = 1; s <= 100; ++s) {
    const auto what = sim::draw_search_storm(s);
    calm += what.faults.size() < 4 ? 1 : 0;
    in_process += what.plan.is_in_process ? 1 : 0;
    searchers.insert(what.plan.searcher.name());
    schedulers.insert(what.plan.scheduler.name());
    for (const auto& each : what.faults)
      faults.insert(each.name);
  }
  CHECK(faults.size() == 14);
  CHECK(searchers.size() == 5);
  CHECK(schedulers.size() == 5);
  CHECK(calm > 0);
  CHECK(in_process > 5);
}

TEST_CASE("search storm: what happens is told in lines with its time") {
  std::string text;
  const auto told = sim::survive(sim::draw_search_storm(1), 1, [&](const std::string& line) { text += line + '\n'; });

  CHECK(told.trace_hash == sim::survive(sim::draw_search_storm(1), 1).trace_hash); // Whoever listens changes nothing.
  CHECK(text.find(" begins attempt 1 of trial 1 ") != std::string::npos);
  CHECK(text.find(" s  no more faults\n") != std::string::npos);
  CHECK(text.find(" s  the search is complete\n") != std::string::npos);
}
