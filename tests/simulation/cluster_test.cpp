#include "tests/simulation/simulated_cluster.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "tests/simulation/checks.hpp"
#include "tests/simulation/faults.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const sim::workload default_work;

const sim::workload work_in_groups = [] {
  sim::workload work;
  work.tasks = 12;
  work.groups = 4;
  return work;
}();

const sim::cluster_options wild{/*nodes=*/3, /*cpus=*/4, /*owners=*/2, /*have_quotas=*/true, /*any_timing=*/true};

/// First faults, then healing, then everything must finish.
void survive(sim::cluster& cluster) {
  cluster.check_after_each_event(sim::no_node_overbooked());
  cluster.check_after_each_event(sim::head_knows_what_is_held());
  cluster.advance(30s);
  cluster.heal().finishes_within(5min);
  CHECK(cluster.broken() == "");
  CHECK(cluster.why_not_finished() == "");
}

/// What everybody heard, and when.
std::uint64_t trace_of(seed s) {
  sim::cluster cluster(s, wild);
  cluster.run(work_in_groups);
  cluster.suffer(sim::link_breaks(3s));
  cluster.suffer(sim::node_deaths(8s, 3s));
  cluster.suffer(sim::head_deaths(8s, 3s));
  cluster.suffer(sim::owner_departures(8s, 3s));
  cluster.suffer(sim::repeated_messages(3s));
  cluster.advance(20s);
  return cluster.net().trace_hash();
}

/// A cluster whose nodes are full of works, two of them on each node.
void fill(sim::cluster& cluster) {
  for (std::uint64_t number = 1; number <= 6; ++number)
    cluster.owner(0).submit_task({/*lasts_ms=*/20'000, number, /*cpus=*/2});
  cluster.advance(2s);
  for (const auto& [m, node] : cluster.nodes())
    REQUIRE(node.workers->running() == 2);
}

bool is_living(const sim::cluster& cluster, sim::machine m) {
  const auto nodes = cluster.head().nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const auto& n) { return n.what.id == cluster.id_of(m); });
}

} // namespace

TEST_CASE("simulation: without faults every work ends after one attempt, and nothing stays behind") {
  sim::cluster cluster(1);
  cluster.run(default_work);
  cluster.check_after_each_event(sim::no_work_runs_twice());

  survive(cluster);

  CHECK(cluster.attempts() == cluster.options().owners * default_work.tasks);
}

TEST_CASE("simulation: no node holds more than it has while links break and heal, and every task ends once (I1)") {
  for_each_seed(100, [](seed s) {
    sim::cluster cluster(s);
    cluster.run(default_work);
    cluster.suffer(sim::link_breaks(2s));
    cluster.suffer(sim::partitions(3s, 8s));
    survive(cluster);
  });
}

TEST_CASE("simulation: no fault of machines, networks and workers makes a node hold too much, or loses a task (I1)") {
  for_each_seed(100, [](seed s) {
    sim::cluster cluster(s);
    cluster.run(default_work);
    cluster.suffer(sim::link_breaks(5s));
    cluster.suffer(sim::half_open_links(5s));
    cluster.suffer(sim::partitions(6s, 8s));
    cluster.suffer(sim::isolations(10s, 8s));
    cluster.suffer(sim::node_deaths(8s, 5s));
    cluster.suffer(sim::worker_crashes(4s));
    survive(cluster);
  });
}

TEST_CASE("simulation: head, owners and nodes may die, leave and come back, and nothing is lost or stays behind (I1)") {
  for_each_seed(100, [](seed s) {
    sim::cluster cluster(s, wild);
    cluster.run(work_in_groups);
    cluster.suffer(sim::head_deaths(10s, 4s));
    cluster.suffer(sim::owner_deaths(12s, 5s));
    cluster.suffer(sim::owner_departures(12s, 5s));
    cluster.suffer(sim::drains(10s, 10s));
    cluster.suffer(sim::node_deaths(10s, 5s));
    cluster.suffer(sim::repeated_messages(2s));
    survive(cluster);
  });
}

TEST_CASE("simulation: everything that can go wrong does so at once, with any timing (I1)") {
  for_each_seed(100, [](seed s) {
    sim::cluster cluster(s, wild);
    cluster.run(work_in_groups);
    cluster.suffer(sim::link_breaks(5s));
    cluster.suffer(sim::half_open_links(5s));
    cluster.suffer(sim::partitions(6s, 8s));
    cluster.suffer(sim::isolations(10s, 8s));
    cluster.suffer(sim::node_deaths(10s, 5s));
    cluster.suffer(sim::worker_crashes(4s));
    cluster.suffer(sim::head_deaths(15s, 4s));
    cluster.suffer(sim::owner_deaths(20s, 5s));
    cluster.suffer(sim::owner_departures(20s, 5s));
    cluster.suffer(sim::drains(15s, 10s));
    cluster.suffer(sim::repeated_messages(3s));
    survive(cluster);
  });
}

TEST_CASE("simulation: what an owner had is free for others long before its lost link would be noticed, if it leaves") {
  for_each_seed(20, [](seed s) {
    sim::cluster cluster(s);
    cluster.check_after_each_event(sim::no_node_overbooked());
    fill(cluster);

    cluster.let_owner_leave(0);
    cluster.advance(20ms);

    const auto leases = cluster.head().leases();
    CHECK(std::all_of(leases.begin(), leases.end(),
                      [](const auto& l) { return l.state == head_core::lease_state::ending; }));
    cluster.heal().finishes_within(5min); // So long the nodes keep what the owner has not heard.
    CHECK(cluster.broken() == "");
    CHECK(cluster.why_not_finished() == "");
  });
}

TEST_CASE("simulation: the same seed gives the same trace, another seed another") {
  const auto trace = trace_of(42);

  CHECK(trace == trace_of(42));
  CHECK(trace != trace_of(43));
}

TEST_CASE("simulation: a silent node is fenced before it is declared dead, and no work runs in two places") {
  for_each_seed(20, [](seed s) {
    sim::cluster cluster(s);
    cluster.check_after_each_event(sim::no_work_runs_twice());
    cluster.check_after_each_event(sim::no_node_overbooked());
    fill(cluster);
    const auto cut_off = cluster.net().now();
    std::optional<instant> fenced, dead;
    cluster.check_after_each_event([&](const auto& c) -> std::optional<std::string> {
      if (!fenced && c.nodes().at(2).core().is_fenced())
        fenced = c.net().now();
      if (!dead && !is_living(c, 2)) {
        dead = c.net().now();
        if (c.nodes().at(2).workers->running() != 0)
          return "it is declared dead and runs works";
      }
      return std::nullopt;
    });

    cluster.isolate(2);
    cluster.advance(8s);
    REQUIRE(fenced.has_value());
    REQUIRE(dead.has_value());
    CHECK(*fenced - cut_off <= 3500ms);
    CHECK(*fenced < *dead);
    CHECK(*dead - cut_off <= 5s + 10ms);
    cluster.advance(15s); // Now there is room elsewhere.
    for (const auto& [number, places] : cluster.running())
      CHECK(places.count(2) == 0);

    cluster.rejoin(2);
    cluster.advance(5s);
    CHECK(is_living(cluster, 2));
    cluster.heal().finishes_within(2min);
    CHECK(cluster.broken() == "");
    CHECK(cluster.why_not_finished() == "");
    CHECK(cluster.attempts() == 8); // Just what ran on the silent node did so again.
  });
}

TEST_CASE("simulation: whatever was on its way to a node that fell silent, no work runs in two places") {
  for_each_seed(40, [](seed s) {
    sim::cluster cluster(s);
    cluster.run(default_work);
    cluster.suffer(sim::isolations(5s, 9s));
    cluster.check_after_each_event(sim::no_work_runs_twice());
    survive(cluster);
  });
}

TEST_CASE("simulation: a node that dies and starts anew as the same node begins with nothing, and is used again") {
  for_each_seed(20, [](seed s) {
    sim::cluster cluster(s);
    cluster.check_after_each_event(sim::no_work_runs_twice());
    cluster.check_after_each_event(sim::head_knows_what_is_held());
    fill(cluster);
    const auto before = cluster.nodes().at(2).core().options().node.start;

    cluster.kill_node(2, /*others_learn=*/3s); // Some after it is there again.
    cluster.advance(200ms);
    cluster.start_node(2);
    cluster.advance(8s);

    CHECK(is_living(cluster, 2));
    CHECK(cluster.nodes().at(2).core().options().node.start != before);
    CHECK(cluster.nodes().at(2).workers->running() == 2); // What it had lost: nowhere else was room.
    cluster.heal().finishes_within(2min);
    CHECK(cluster.broken() == "");
    CHECK(cluster.why_not_finished() == "");
    CHECK(cluster.attempts() == 8);
  });
}
