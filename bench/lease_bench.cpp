// How fast the head's core grants and takes back leases, and what a long queue costs it. No network: the core alone.
#include <chrono>
#include <cstdint>
#include <ctime>
#include <deque>
#include <fstream>
#include <optional>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "bench/figures.hpp"
#include "runtime/base/random_stream.hpp"
#include "runtime/head/head_core.hpp"
#include "runtime/resources/resource_book.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr int nodes = 1'000;

resource_set total_of_a_node() {
  auto total = cpus(16);
  total.set("memory", amount::whole(64'000'000'000));
  return total;
}

head_core cluster(instant now) {
  head_options options;
  options.version = "bench";
  options.cluster = "bench";
  head_core core(options, now);
  const auto total = total_of_a_node();
  for (std::uint64_t i = 1; i <= nodes; ++i)
    or_throw(core.on_node_hello(
      {{node_id{i}, incarnation{i}, fmt::format("node-{}", i), "host", 1, total, {}}, "bench", "", {}, false}, now));
  for (std::uint64_t owner = 1; owner <= 4; ++owner)
    or_throw(core.on_owner_hello(owner_id{owner}, "bench", "bench", {}, now));
  return core;
}

/// Every order is obeyed at once by a node that has room.
class obedient_nodes {
public:
  explicit obedient_nodes(head_core& core) : core_(core) {}

  void perform(const head_core::actions& actions, instant now) {
    for (const auto& action : actions)
      if (const auto* grant = std::get_if<head_core::grant>(&action)) {
        held_.push_back({grant->node, grant->lease.lease});
        perform(core_.on_lease_accepted(grant->node, grant->lease.lease, now), now);
      } else if (std::get_if<head_core::answer_granted>(&action))
        ++granted_;
  }

  /// The work under any of the leases has ended.
  void end_one(random_stream& random, instant now) {
    auto& chosen = held_[random.below(held_.size())];
    std::swap(chosen, held_.back());
    const auto [node, lease] = held_.back();
    held_.pop_back();
    perform(core_.on_lease_ended(node, lease, now), now);
  }

  std::size_t held() const { return held_.size(); }
  std::uint64_t granted() const { return granted_; }

private:
  head_core& core_;
  std::deque<std::pair<node_id, lease_id>> held_;
  std::uint64_t granted_ = 0;
};

/// Demands of a few kinds on a cluster that is nearly full, with a short queue: as many come as end.
double leases_per_second(bool quick) {
  instant now{1s};
  auto core = cluster(now);
  obedient_nodes behind(core);
  random_stream random(1, "lease_bench");
  const std::size_t rounds = quick ? 50'000 : 500'000;
  const std::size_t running = nodes * 14;
  std::uint64_t request = 0;
  const auto demand_one = [&] {
    demand wants;
    wants.resources = cpus(random.chance(0.8) ? 1 : 2);
    wants.resources.set("memory", amount::whole(1'000'000'000));
    ++request;
    behind.perform(core.on_demand(owner_id{1 + request % 4}, request_id{request}, std::move(wants), now), now);
  };
  while (behind.held() < running && core.queue().size() < 100)
    demand_one();
  const auto before = behind.granted();
  const auto start = std::clock(); // Of this process: a busy machine does not make the core slower.
  for (std::size_t i = 0; i != rounds; ++i) {
    now += 10us;
    if (const auto wake = core.wake_at(); wake && *wake <= now)
      behind.perform(core.on_time(now), now);
    behind.end_one(random, now);
    demand_one();
  }
  const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return static_cast<double>(behind.granted() - before) / took;
}

/// The limit of it: the book of one node that is as full, which chooses nothing, waits for nothing and tells nobody.
double bare_takes_per_second(bool quick) {
  resource_book book(total_of_a_node());
  auto wants = cpus(1);
  wants.set("memory", amount::whole(1'000'000'000));
  std::uint64_t newest = 0;
  while (newest < 14)
    or_throw(book.take(lease_id{++newest}, wants));
  const std::uint64_t rounds = quick ? 200'000 : 2'000'000;
  const auto start = std::clock();
  for (std::uint64_t i = 0; i != rounds; ++i) {
    book.give_back(lease_id{newest - 13});
    or_throw(book.take(lease_id{++newest}, wants));
  }
  return static_cast<double>(rounds) / (static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
}

/// Every lease that is returned opens all the lines that wait for it, and one of them is granted.
double leases_per_second_of_many_shapes(bool quick) {
  instant now{1s};
  auto core = cluster(now);
  obedient_nodes behind(core);
  random_stream random(1, "lease_bench_shapes");
  constexpr std::size_t shapes = 10'000;
  std::uint64_t request = 0;
  const auto demand_one = [&] {
    ++request;
    demand wants;
    wants.resources = cpus(1);
    wants.resources.set("memory", amount::whole(static_cast<std::int64_t>(1'000'000 + request)));
    behind.perform(core.on_demand(owner_id{1 + request % 4}, request_id{request}, std::move(wants), now), now);
  };
  while (core.queue().size() < shapes)
    demand_one();
  const std::size_t rounds = quick ? 50 : 500;
  const auto before = behind.granted();
  const auto start = std::clock();
  for (std::size_t i = 0; i != rounds; ++i) {
    behind.end_one(random, now);
    demand_one();
  }
  const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return static_cast<double>(behind.granted() - before) / took;
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

double queued_memory_mb() {
  instant now{1s};
  auto core = cluster(now);
  obedient_nodes behind(core);
  std::uint64_t request = 0;
  const auto demand_one = [&] {
    ++request;
    demand wants;
    wants.resources = cpus(1);
    behind.perform(core.on_demand(owner_id{1 + request % 4}, request_id{request}, std::move(wants), now), now);
  };
  while (core.queue().size() == 0)
    demand_one();
  const auto before = resident_mb();
  while (core.queue().size() < 100'000)
    demand_one();
  return resident_mb() - before;
}

} // namespace

int main(int argc, char** argv) {
  const bench::figures figures(argc, argv);
  // First, so that nothing that was used and freed before is used again.
  if (figures.wants("queued_100k_memory_mb"))
    figures.show({"queued_100k_memory_mb", queued_memory_mb(), "MB", std::nullopt, 200,
                  "resident memory of the core for 100,000 waiting demands of 4 owners"});
  if (figures.wants("leases_per_second"))
    figures.show(
      {"leases_per_second", leases_per_second(figures.is_quick()), "1/s", 100'000, std::nullopt,
       fmt::format("granted and returned, one thread's cpu time, {} nodes nearly full; bare book of one node: "
                   "{:.0f}/s; Ray's published: 19 to 24 groups/s with actors, 619 to 791 empty ones",
                   nodes, bare_takes_per_second(figures.is_quick()))});
  if (figures.wants("leases_per_second_10k_shapes"))
    figures.show({"leases_per_second_10k_shapes", leases_per_second_of_many_shapes(figures.is_quick()), "1/s", 50,
                  std::nullopt,
                  fmt::format("the same while 10,000 demands wait, no two alike, and {} nodes are full", nodes)});
  return 0;
}
