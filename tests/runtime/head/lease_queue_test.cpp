#include "runtime/head/lease_queue.hpp"

#include <doctest/doctest.h>

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

} // namespace

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
  queue.open_lines([](const lease_queue::shape&) { return true; });
  CHECK(queue.next()->request == request_id{3});
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
