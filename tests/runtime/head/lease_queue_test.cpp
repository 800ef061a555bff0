#include "runtime/head/lease_queue.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const instant start = instant{} + 1s;
const owner_id alice{10};
const owner_id bob{11};

lease_queue for_cluster(lease_queue_options options = {}) {
  lease_queue queue(options);
  queue.set_cluster({{"cpu", 10}, {"gpu", 2}});
  return queue;
}

lease_queue::entry push(lease_queue& queue, owner_id owner, std::uint64_t request, resource_set wants,
                        std::int32_t priority = 0) {
  demand d;
  d.resources = std::move(wants);
  d.priority = priority;
  lease_queue::entry e{owner, request_id{request}, queue.shape_of(d), queue.next_place(), start};
  queue.push(e, start);
  return e;
}

/// Who is granted, in order, if everything fits.
std::vector<std::uint64_t> order(lease_queue& queue) {
  std::vector<std::uint64_t> requests;
  while (const auto e = queue.next()) {
    requests.push_back(e->request.value);
    queue.take(e->owner, e->what->sum);
    queue.on_granted(*e, start);
  }
  return requests;
}

/// What waits, in one list, to be looked through from end to end.
struct looked_through {
  std::vector<lease_queue::entry> entries;
  std::set<std::uint64_t> blocked; // Shapes.

  std::optional<request_id> next(const lease_queue& queue) const {
    const lease_queue::entry* best = nullptr;
    const auto order_of = [&](const lease_queue::entry& e) {
      return std::tuple(-e.what->priority, queue.share_of(e.owner), e.place);
    };
    for (const auto& e : entries)
      if (blocked.count(e.what->number) == 0 && queue.quota_admits(e.owner, e.what->sum))
        if (!best || order_of(e) < order_of(*best))
          best = &e;
    return best ? std::optional(best->request) : std::nullopt;
  }
  void erase(std::uint64_t place) {
    entries.erase(std::remove_if(entries.begin(), entries.end(), [&](const auto& e) { return e.place == place; }),
                  entries.end());
  }
};

} // namespace

TEST_CASE("lease queue: who is next is whom a look at each finds, whatever happened") {
  random_stream random(1, "lease_queue_test");
  auto queue = for_cluster();
  looked_through all;
  std::uint64_t request = 0;
  const auto any_owner = [&] { return owner_id{10 + random.below(4)}; };
  for (int step = 0; step != 20'000; ++step) {
    switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      all.entries.push_back(push(queue, any_owner(), ++request, cpus(static_cast<double>(1 + random.below(6))),
                                 static_cast<std::int32_t>(random.below(2))));
      break;
    case 3:
    case 4:
      if (const auto first = queue.next()) {
        if (random.chance(0.5)) {
          queue.on_blocked(*first->what);
          all.blocked.insert(first->what->number);
        } else {
          queue.take(first->owner, first->what->sum);
          queue.on_granted(*first, start);
          all.erase(first->place);
        }
      }
      break;
    case 5: queue.give_back(any_owner(), cpus(static_cast<double>(1 + random.below(6)))); break;
    case 6:
      if (random.chance(0.3))
        queue.set_quota(any_owner(), random.chance(0.3) ? resource_set{} : cpus(static_cast<double>(random.below(9))));
      else if (!all.entries.empty()) {
        const auto gone = all.entries[random.below(all.entries.size())];
        CHECK(queue.erase(gone.owner, *gone.what, gone.place));
        all.erase(gone.place);
      }
      break;
    case 7: {
      const auto at_most = static_cast<double>(1 + random.below(6));
      const auto fits = [&](const lease_queue::shape& s) { return s.sum.cpu().to_double() <= at_most; };
      queue.open_lines(node_id{1 + random.below(3)}, fits);
      for (const auto& shape : queue.shapes())
        if (fits(*shape))
          all.blocked.erase(shape->number);
      break;
    }
    }
    for (auto b = all.blocked.begin(); b != all.blocked.end();) { // A line in which nobody waits is new when one comes.
      const auto shapes = queue.shapes();
      const bool waits = std::any_of(shapes.begin(), shapes.end(), [&](const auto& s) { return s->number == *b; });
      b = waits ? std::next(b) : all.blocked.erase(b);
    }
    const auto next = queue.next();
    REQUIRE((next ? std::optional(next->request) : std::nullopt) == all.next(queue));
    REQUIRE(queue.size() == all.entries.size());
  }
}

TEST_CASE("lease queue: the owner that holds least goes first, and within an owner the first to come") {
  auto queue = for_cluster();
  for (std::uint64_t request = 1; request <= 3; ++request)
    push(queue, alice, request, cpus(1));
  push(queue, bob, 4, cpus(1));
  push(queue, bob, 5, cpus(1));

  CHECK(order(queue) == std::vector<std::uint64_t>{1, 4, 2, 5, 3});
}

TEST_CASE("lease queue: the share is that of the scarcest resource") {
  auto queue = for_cluster();
  queue.take(alice, cpus(4));
  queue.take(bob, gpus(1));
  push(queue, bob, 1, cpus(1));
  push(queue, alice, 2, cpus(1));

  CHECK(queue.share_of(alice) == 0.4);
  CHECK(queue.share_of(bob) == 0.5);
  CHECK(order(queue) == std::vector<std::uint64_t>{2, 1});
}

TEST_CASE("lease queue: the more urgent goes before any share") {
  auto queue = for_cluster();
  push(queue, bob, 1, cpus(1));
  queue.take(alice, cpus(5));
  push(queue, alice, 2, cpus(1), /*priority=*/1);

  CHECK(order(queue) == std::vector<std::uint64_t>{2, 1});
}

TEST_CASE("lease queue: what does not fit blocks its own line only, until it is opened") {
  auto queue = for_cluster();
  const auto large = push(queue, alice, 1, cpus(8));
  push(queue, alice, 2, cpus(1));

  queue.on_blocked(*large.what);
  CHECK(order(queue) == std::vector<std::uint64_t>{2});
  push(queue, bob, 3, cpus(8)); // The same line: not tried.
  CHECK(!queue.next());
  queue.open_lines(node_id{1}, [](const lease_queue::shape&) { return true; });
  CHECK(queue.next()->request == request_id{3});
}

TEST_CASE("lease queue: it is known for which nodes a line was opened, until it is opened for another cause") {
  const auto any = [](const lease_queue::shape&) { return true; };
  auto queue = for_cluster();
  const auto large = push(queue, alice, 1, cpus(8));
  CHECK(!queue.opened_for(*large.what)); // Not tried yet.
  queue.on_blocked(*large.what);
  queue.open_lines(node_id{1}, any);
  queue.open_lines(node_id{2}, any);
  queue.open_lines(node_id{1}, any);
  REQUIRE(queue.opened_for(*large.what));
  CHECK(*queue.opened_for(*large.what) == std::vector<node_id>{node_id{1}, node_id{2}});
  queue.reopen(*large.what);
  CHECK(!queue.opened_for(*large.what));
  queue.open_lines(node_id{3}, any);
  CHECK(!queue.opened_for(*large.what));
  queue.on_blocked(*large.what);
  for (std::uint64_t node = 1; node <= 100; ++node)
    queue.open_lines(node_id{node}, any);
  CHECK(!queue.opened_for(*large.what)); // By too many to ask each.
  CHECK(queue.next()->request == request_id{1});
}

TEST_CASE("lease queue: what a quota holds back in many lines is tried in its order when the quota admits it") {
  auto queue = for_cluster();
  queue.set_quota(alice, cpus(2));
  queue.take(alice, cpus(2));
  push(queue, alice, 1, cpus(2));
  const auto second = push(queue, alice, 2, cpus(1.5));
  push(queue, alice, 3, cpus(1), /*priority=*/1);
  push(queue, bob, 4, cpus(3));
  CHECK(order(queue) == std::vector<std::uint64_t>{4});
  CHECK(queue.erase(alice, *second.what, second.place));
  queue.give_back(alice, cpus(2));
  CHECK(order(queue) == std::vector<std::uint64_t>{3});
  queue.set_quota(alice, {});
  CHECK(order(queue) == std::vector<std::uint64_t>{1});
  CHECK(queue.size() == 0);
}

TEST_CASE("lease queue: a demand that comes back keeps its place") {
  auto queue = for_cluster();
  const auto first = push(queue, alice, 1, cpus(1));
  push(queue, alice, 2, cpus(1));
  queue.on_granted(first, start);

  queue.push(first, start);

  CHECK(queue.next()->request == request_id{1});
}

TEST_CASE("lease queue: an owner gets no more than its quota") {
  auto queue = for_cluster();
  queue.set_quota(alice, cpus(2));
  for (std::uint64_t request = 1; request <= 3; ++request)
    push(queue, alice, request, cpus(1));

  CHECK(order(queue) == std::vector<std::uint64_t>{1, 2});
  CHECK(!queue.quota_admits_ever(alice, cpus(3)));
  CHECK(queue.quota_admits_ever(alice, gpus(1)));
  queue.give_back(alice, cpus(1));
  CHECK(order(queue) == std::vector<std::uint64_t>{3});
}

TEST_CASE("lease queue: what an owner holds in all may be more than an amount can say") {
  auto queue = for_cluster();
  resource_set huge;
  huge.set("memory", amount::limit());
  for (int i = 0; i < 20; ++i)
    queue.take(alice, huge);

  CHECK(queue.held_by(alice).memory() == amount::more_than_any());
  for (int i = 0; i < 20; ++i)
    queue.give_back(alice, huge);
  CHECK(queue.held_by(alice).empty());
}

TEST_CASE("lease queue: a line from which nobody was granted anything for the patience starves") {
  auto queue = for_cluster({/*max_waiting=*/100, /*patience=*/10s, /*max_passes=*/1'000});
  const auto large = push(queue, alice, 1, cpus(8));
  queue.on_blocked(*large.what);

  CHECK(queue.wake_at() == start + 10s);
  CHECK(!queue.starving(start + 9s));
  REQUIRE(queue.starving(start + 10s));
  CHECK(queue.starving(start + 10s)->request == request_id{1});
  queue.postpone(*large.what, start + 10s);
  CHECK(!queue.starving(start + 19s));
  CHECK(queue.starving(start + 20s));
}

TEST_CASE("lease queue: what a quota blocks does not starve, and does not keep others of its line from it") {
  auto queue = for_cluster({/*max_waiting=*/100, /*patience=*/10s, /*max_passes=*/1'000});
  queue.set_quota(alice, cpus(8));
  queue.take(alice, cpus(1));
  const auto large = push(queue, alice, 1, cpus(8));
  queue.on_blocked(*large.what);

  CHECK(!queue.starving(start + 10s));
  push(queue, bob, 2, cpus(8));
  REQUIRE(queue.starving(start + 20s));
  CHECK(queue.starving(start + 20s)->owner == bob);
  queue.give_back(alice, cpus(1));
  queue.take(bob, cpus(1));
  CHECK(queue.starving(start + 20s)->owner == alice);
}

TEST_CASE("lease queue: a line that was passed over too often starves") {
  auto queue = for_cluster({/*max_waiting=*/100, /*patience=*/10s, /*max_passes=*/3});
  const auto large = push(queue, alice, 1, cpus(8));
  queue.on_blocked(*large.what);
  for (std::uint64_t request = 2; request <= 4; ++request) {
    CHECK(!queue.starving(start));
    queue.on_granted(push(queue, bob, request, cpus(1)), start);
  }

  REQUIRE(queue.starving(start));
  CHECK(queue.starving(start)->request == request_id{1});
}

TEST_CASE("lease queue: it says when it is full") {
  auto queue = for_cluster({/*max_waiting=*/1, /*patience=*/10s, /*max_passes=*/3});
  push(queue, alice, 1, cpus(1));

  CHECK(queue.may_push().error() ==
        error{errc::too_large, "1 demands wait already, which is the limit; demand again when some have been granted"});
}
