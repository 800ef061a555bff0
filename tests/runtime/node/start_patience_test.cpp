#include "runtime/node/start_patience.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

process_facts starting(int pid, std::uint64_t started = 100) {
  process_facts facts;
  facts.pid = pid;
  facts.started = started;
  facts.is_looked_at = true;
  facts.is_starting = true;
  return facts;
}

bool still_starts(start_patience& patience, process_facts process, core_clock::duration at) {
  std::vector<process_facts> all{std::move(process)};
  patience.on_looked(all, instant(at));
  return all.front().is_starting;
}

} // namespace

TEST_CASE("start patience: it counts from when the process was first seen, and each process has its own") {
  start_patience patience;
  for (auto at = 0ms; at < 1'000ms; at += 100ms)
    CHECK(still_starts(patience, starting(30), at));
  CHECK_FALSE(still_starts(patience, starting(30), 1'000ms));

  std::vector<process_facts> all{starting(30), starting(31), starting(30, 200)};
  patience.on_looked(all, instant(1'010ms));
  CHECK_FALSE(all[0].is_starting);
  CHECK(all[1].is_starting);
  CHECK(all[2].is_starting); // Of the same number, but another process.
}

TEST_CASE("start patience: one that is stuck holds up nobody later") {
  start_patience patience;
  for (auto at = 0ms; at <= 1'000ms; at += 100ms)
    (void)still_starts(patience, starting(30), at);

  CHECK_FALSE(still_starts(patience, starting(30), 60s));
  auto unseen = starting(30);
  unseen.is_looked_at = unseen.is_starting = false; // It was of no interest to that look.
  (void)still_starts(patience, unseen, 61s);
  CHECK_FALSE(still_starts(patience, starting(30), 62s));
}

TEST_CASE("start patience: who has gone is forgotten, so that a later one of its number has its own") {
  start_patience patience;
  for (auto at = 0ms; at <= 1'000ms; at += 100ms)
    (void)still_starts(patience, starting(30), at);
  std::vector<process_facts> nobody;
  patience.on_looked(nobody, instant(2s));

  CHECK(still_starts(patience, starting(30), 3s));
}

TEST_CASE("start patience: two chance sightings, long apart, are no stuck process") {
  start_patience patience;
  CHECK(still_starts(patience, starting(30), 0s));
  CHECK(still_starts(patience, starting(30), 60s));
}

TEST_CASE("start patience: whoever was seen outside execve begins anew") {
  start_patience patience;
  for (auto at = 0ms; at < 1'000ms; at += 100ms)
    (void)still_starts(patience, starting(30), at);
  auto started = starting(30);
  started.is_starting = false;
  CHECK_FALSE(still_starts(patience, started, 1'000ms));

  for (auto at = 1'100ms; at < 2'000ms; at += 100ms)
    CHECK(still_starts(patience, starting(30), at));
}
