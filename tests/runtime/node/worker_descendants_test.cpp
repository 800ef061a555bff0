#include "runtime/node/worker_descendants.hpp"

#include <doctest/doctest.h>

using namespace runtime;

namespace {

process_facts a_process(int pid, int parent, std::uint64_t started, std::string marks = {}) {
  process_facts facts;
  facts.pid = pid;
  facts.parent = parent;
  facts.started = started;
  facts.marks = std::move(marks);
  return facts;
}

std::set<int> pids(const std::vector<process_facts>& processes) {
  std::set<int> out;
  for (const auto& process : processes)
    out.insert(process.pid);
  return out;
}

} // namespace

TEST_CASE("worker descendants: all that are below a process, at any depth") {
  const std::vector<process_facts> all{a_process(1, 0, 0), a_process(10, 1, 5), a_process(11, 10, 6),
                                       a_process(12, 11, 7), a_process(20, 1, 5)};

  CHECK(pids(descendants_of(10, all)) == std::set<int>{11, 12});
  CHECK(pids(descendants_of(12, all)).empty());
}

TEST_CASE(
  "worker descendants: an ended worker left what has its mark, what was seen below it, and what is below those") {
  const ended_worker worker{20, "m.1", 100, {{31, 103}}};
  auto zombie = a_process(34, 1, 104, "m.1");
  zombie.has_ended = true;
  const std::vector<process_facts> all{
    a_process(30, 1, 102, "m.0:m.1"), // Marked.
    a_process(31, 1, 103),            // Known.
    a_process(32, 30, 104),           // Below it, with an environment of its own.
    zombie,                           // Waits for its parent only.
    a_process(35, 1, 99, "m.1"),      // Began before the worker: somebody else's.
    a_process(36, 1, 105, "m.12"),    // Another worker's.
  };

  CHECK(pids(left_by(worker, all)) == std::set<int>{30, 31, 32});
}

TEST_CASE("worker descendants: a process that is starting may be the worker's, unless it began earlier or has ended") {
  const ended_worker worker{20, "m.1", 100, {}};
  auto starting = a_process(30, 1, 102);
  starting.is_starting = true;
  auto earlier = starting;
  earlier.started = 99;
  auto zombie = starting;
  zombie.has_ended = true;

  CHECK(may_be_left_by(worker, {a_process(31, 1, 103), starting}));
  CHECK_FALSE(may_be_left_by(worker, {a_process(31, 1, 103), earlier, zombie}));
  CHECK_FALSE(may_be_left_by({20, "", 100, {}}, {starting})); // It had no mark to pass on.
  CHECK(left_by(worker, {starting}).empty());
}

TEST_CASE("worker descendants: a living worker that is starting is not waited for, but whoever else is") {
  auto worker = a_process(30, 1, 102), of_its_number = a_process(31, 1, 103), other = a_process(32, 1, 102);
  std::vector<process_facts> all{worker, of_its_number, other};
  for (auto& process : all)
    process.is_starting = true;

  do_not_wait_for({{30, 102}, {31, 90}}, all);

  CHECK_FALSE(all[0].is_starting);
  CHECK(all[1].is_starting);
  CHECK(all[2].is_starting);
}

TEST_CASE("worker descendants: a number that was given to somebody else is not taken for the known one") {
  const ended_worker worker{20, "m.1", 100, {{31, 103}}};

  CHECK(left_by(worker, {a_process(31, 1, 200)}).empty());
}

TEST_CASE("worker descendants: an orphan without a mark is nobody's once no living worker is older") {
  const int self = 5;
  const std::vector<process_facts> all{
    a_process(40, self, 100),       // A worker.
    a_process(41, self, 110),       // Perhaps that worker's.
    a_process(42, self, 90),        // Not that worker's.
    a_process(43, self, 90, "m.1"), // Says whose it is.
    a_process(44, 1, 90),           // Not ours.
  };

  CHECK(pids(unclaimed_orphans(self, {{40, 100}}, all)) == std::set<int>{42});
  CHECK(pids(unclaimed_orphans(self, {}, {all[1], all[2]})) == std::set<int>{41, 42});
}

TEST_CASE("worker descendants: a worker's group is its own until somebody else has its number") {
  const ended_worker worker{20, "", 100, {}};
  auto member = a_process(41, 1, 105);
  member.group = 20;
  auto earlier = a_process(42, 1, 90);
  earlier.group = 20;
  auto stranger = a_process(20, 1, 104);
  stranger.group = 20;

  CHECK(pids(left_by(worker, {member, earlier, a_process(43, 41, 106)})) == std::set<int>{41, 43});
  CHECK(left_by(worker, {member, stranger}).empty());
}
