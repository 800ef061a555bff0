#include "tune/scheduler/resource_allocation.hpp"

#include "runtime/base/random_stream.hpp"

#include "tests/support/seeds.hpp"

#include <algorithm>
#include <numeric>

#include <doctest/doctest.h>

using namespace tune;

namespace {

/// Nodes "n0", "n1", ... with so many places each.
resource_room room_of(const std::vector<std::uint32_t>& places) {
  resource_room room;
  for (std::size_t i = 0; i < places.size(); ++i)
    room.cluster.parts.push_back({"n" + std::to_string(i), places[i]});
  return room;
}

/// Trials 1, 2, ... on these nodes, of size 1; "": it waits.
resource_room with_trials(resource_room room, const std::vector<std::string>& nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    room.holders.push_back({trial_id{i + 1}, 1, nodes[i]});
  return room;
}

resource_room with_trials(resource_room room, std::size_t trials) {
  return with_trials(std::move(room), std::vector<std::string>(trials));
}

} // namespace

TEST_CASE("resource allocation: evenly is the largest size of which the nodes hold one for each trial") {
  const auto even = [](const std::vector<std::uint32_t>& places, std::size_t trials, trial_size most = 0) {
    return even_size(with_trials(room_of(places), trials), most);
  };
  CHECK(even({4}, 1) == 4);
  CHECK(even({4}, 2) == 2);
  CHECK(even({4}, 3) == 1);
  CHECK(even({4}, 9) == 1); // Some wait.
  CHECK(even({3, 3}, 2) == 3);
  CHECK(even({3, 3}, 3) == 1); // Each node holds one of size 2.
  CHECK(even({8, 2}, 1) == 8); // No trial is on two nodes.
  CHECK(even({8, 2}, 4) == 2);
  CHECK(even({4}, 1, /*most=*/3) == 3);
  CHECK(even({}, 1) == 1);
  CHECK(even({4}, 0) == 1);
}

TEST_CASE("resource allocation: evenly counts those to come, and gives nothing where others wait for the cluster") {
  auto room = with_trials(room_of({8}), 2);
  room.to_come = 2;
  CHECK(even_size(room, 0) == 2);
  room.to_come = 1'000'000;
  CHECK(even_size(room, 0) == 1);
  room.to_come = 0;
  room.cluster.is_wanted = true;
  CHECK(even_size(room, 0) == 1);
  CHECK(size_beside_others(room, trial_id{1}, 0) == 1);
}

TEST_CASE("resource allocation: the top trial has what the others leave on one node") {
  const auto beside = [](const resource_room& room, trial_size most = 0) {
    return size_beside_others(room, trial_id{1}, most);
  };
  CHECK(beside(with_trials(room_of({4, 4}), {"n0"})) == 4);
  CHECK(beside(with_trials(room_of({4, 4}), {"n0", "n0", "n0"})) == 4); // On the other node.
  CHECK(beside(with_trials(room_of({4, 4}), {"n0", "n0", "n1"})) == 3);
  CHECK(beside(with_trials(room_of({4, 6}), {"n0", "n0", "n0", "n0", "", ""})) == 5); // One that waits takes one of n1.
  CHECK(beside(with_trials(room_of({4}), {"n0", "n0", "n0", "n0", "n0"})) == 1);
  CHECK(beside(with_trials(room_of({4, 4}), {"n0"}), /*most=*/2) == 2);
  CHECK(beside(with_trials(room_of({4}), {"n0", "gone"})) == 3); // Its node is lost: it needs a place, too.
  auto room = with_trials(room_of({2, 6}), {"n1"});
  room.to_come = 3;
  CHECK(beside(room) == 5); // Those to come get the two of n0, and one of n1.
  std::swap(room.cluster.parts[0], room.cluster.parts[1]);
  CHECK(beside(room) == 5);
}

TEST_CASE("resource allocation: evenly fits, nothing larger does, and whoever asks last can have it wherever the "
          "others are") {
  for_each_seed(300, [](seed s) {
    runtime::random_stream random(s);
    std::vector<std::uint32_t> places(1 + random.below(5));
    for (auto& each : places)
      each = static_cast<std::uint32_t>(random.below(12));
    const auto trials = 1 + random.below(8);
    const auto size = even_size(with_trials(room_of(places), trials), 0);
    const auto pieces = [&](trial_size of) {
      return std::accumulate(places.begin(), places.end(), std::uint64_t{0},
                             [&](std::uint64_t sum, std::uint32_t each) { return sum + each / of; });
    };
    CHECK((size == 1 || pieces(size) >= trials));
    for (trial_size larger = size + 1; larger <= 12; ++larger)
      CHECK(pieces(larger) < trials);
    if (size == 1)
      return;
    for (std::uint64_t other = 1; other < trials; ++other) { // Each somewhere, with at most its due.
      const auto wants = static_cast<std::uint32_t>(1 + random.below(size));
      const auto first = random.below(places.size());
      for (std::size_t i = 0; i < places.size(); ++i)
        if (auto& node = places[(first + i) % places.size()]; node >= wants) {
          node -= wants;
          break;
        }
    }
    CHECK(*std::max_element(places.begin(), places.end()) >= size);
  });
}
