// Where and when work runs, as its options ask.
#include "runtime/test_cluster.hpp"
#include "tests/support/held_tasks.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <set>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

using namespace std::chrono_literals;
using runtime::actor_options;
using runtime::cluster_state;
using runtime::cpus;
using runtime::errc;
using runtime::remote_actor;
using runtime::task_options;
using runtime::test_cluster;

namespace {

caf::behavior idle(caf::event_based_actor*) {
  return {[](caf::ok_atom) { return 0; }};
}
const runtime::actor_type idle_type("idle", idle);

const runtime::task_type held_by_one("held_by_one", [](const std::string& fifo) {
  return ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC) >= 0;
});
const runtime::task_type visible_gpus("visible_gpus", [](const std::string& fifo) -> std::string {
  ::close(::open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible == nullptr ? "not set" : visible;
});
const runtime::task_type note("note", [](const std::string& file, const std::string& line) {
  std::ofstream(file, std::ios::app) << line << '\n';
});

/// Spawns an actor and says where it runs.
std::string place(test_cluster& cluster, std::vector<remote_actor>& kept, const actor_options& options) {
  kept.push_back(cluster.driver().spawn(idle_type, options));
  kept.back().call<int>(caf::ok_atom_v).get();
  std::string where;
  cluster.wait_until("the head is told where it runs", [&](const cluster_state& state) {
    for (const auto& actor : state.actors)
      if (actor.id == kept.back().id())
        where = actor.node_name;
    return !where.empty();
  });
  return where;
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("placement options: pack fills one node, spread uses the emptier one, and the last that is said counts") {
  test_cluster cluster(/*nodes=*/2, cpus(4));
  std::vector<remote_actor> kept;

  const auto first = place(cluster, kept, actor_options().spread().pack());
  for (int i = 0; i < 3; ++i)
    CHECK(place(cluster, kept, actor_options().pack()) == first);
  const auto second = place(cluster, kept, actor_options().pack()); // The first is full.
  CHECK(second != first);
  CHECK(kept.back().kill());
  CHECK(kept.front().kill());
  cluster.wait_until("two are gone", [](const cluster_state& state) { return state.leases.size() == 3; });

  CHECK(place(cluster, kept, actor_options().pack().spread()) == second);
  CHECK(place(cluster, kept, actor_options().spread()) == second);
}

TEST_CASE("placement options: near_node takes the node while it has room, and another when it has none") {
  test_cluster cluster(/*nodes=*/3, cpus(1));
  std::vector<remote_actor> kept;

  CHECK(place(cluster, kept, actor_options().near_node("node-2")) == "node-2");
  CHECK(place(cluster, kept, actor_options().near_node("node-2")) != "node-2");
  CHECK(place(cluster, kept, actor_options().near_node("node-9")) != "node-2");
}

TEST_CASE("placement options: avoid_node takes any other node while one has room") {
  test_cluster cluster(/*nodes=*/2, cpus(1));
  std::vector<remote_actor> kept;

  CHECK(place(cluster, kept, actor_options().avoid_node("node-1")) == "node-2");
  CHECK(place(cluster, kept, actor_options().avoid_node("node-1")) == "node-1");
}

TEST_CASE("placement options: a node that is named and not there is infeasible, or waited for") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  std::vector<remote_actor> kept;

  auto none = cluster.driver().spawn(idle_type, actor_options().on_node("node-2")).end();
  REQUIRE(none.wait_for(60s));
  const auto why = none.try_get();
  REQUIRE(!why);
  CHECK(why.error().code == errc::infeasible);
  CHECK(why.error().message.find("no node is named \"node-2\"") != std::string::npos);

  auto waiting = cluster.driver().spawn(idle_type, actor_options().on_node("node-2").wait_for_nodes());
  CHECK(cluster.add_node() == "node-2");
  CHECK(waiting.call<int>(caf::ok_atom_v).get() == 0);
}

TEST_CASE("placement options: a preferred label chooses among nodes, and is no condition") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  cluster.add_node({cpus(1), {{"disk", "ssd"}}, "fast"});
  std::vector<remote_actor> kept;

  CHECK(place(cluster, kept, actor_options().prefer_label("disk", "ssd")) == "fast");
  CHECK(place(cluster, kept, actor_options().prefer_label("disk", "ssd")) == "node-1");
}

TEST_CASE("placement options: work sees the GPUs that it was given, others see others, and without any it sees none") {
  test_cluster cluster(/*nodes=*/0);
  auto resources = cpus(4);
  resources.set("gpu", runtime::amount::whole(2));
  cluster.add_node({resources, {}, "with-gpus"});
  gate gate(cluster);
  auto& driver = cluster.driver();

  auto none = driver.submit(visible_gpus, task_options(), gate.file());
  auto first = driver.submit(visible_gpus, task_options().gpus(1), gate.file());
  auto second = driver.submit(visible_gpus, task_options().gpus(1), gate.file());
  cluster.wait_until("all three are held at once", [](const cluster_state& state) {
    return std::count_if(state.leases.begin(), state.leases.end(),
                         [](const auto& lease) { return lease.state == "held"; }) == 3;
  });
  gate.release();

  CHECK(none.get() == "");
  CHECK(std::set<std::string>{first.get(), second.get()} == std::set<std::string>{"0", "1"});
  CHECK(driver.submit(visible_gpus, task_options().gpus(2), gate.file()).get() == "0,1");
}

TEST_CASE("placement options: of what waits, the more urgent runs first") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  const auto file = cluster.token_file() + ".notes";
  auto& driver = cluster.driver();
  const auto first = driver.spawn(idle_type, actor_options().cpus(1));
  REQUIRE(first.call<int>(caf::ok_atom_v).get() == 0); // It runs: nothing else can begin.
  std::vector<runtime::future<void>> notes;
  for (const int priority : {0, -5, 7, 1})
    notes.push_back(driver.submit(note, task_options().priority(priority), file, std::to_string(priority)));
  cluster.wait_until("all wait", [](const cluster_state& state) { return state.queue.size() == 4; });

  CHECK(first.kill());
  for (auto& each : notes)
    each.get();

  CHECK(text_of(file) == "7\n1\n0\n-5\n");
}

TEST_CASE("placement options: map has no more tasks under way than it may") {
  test_cluster cluster(/*nodes=*/1, cpus(8));
  gate gate(cluster);
  const std::vector<std::string> arguments(6, gate.file());
  auto results = std::async(std::launch::async, [&] {
    return cluster.driver().try_map(held_by_one, arguments, task_options().most_in_flight(2));
  });
  std::size_t most = 0;
  cluster.wait_until("two are held", [&](const cluster_state& state) {
    most = std::max(most, state.leases.size() + state.queue.size());
    return state.leases.size() == 2 && state.leases[0].state == "held" && state.leases[1].state == "held";
  });

  CHECK(most == 2);
  CHECK(results.wait_for(0s) == std::future_status::timeout);
  gate.release();
  for (const auto& each : results.get())
    CHECK(each.value());
}

TEST_CASE("placement options: a driver has no more than its quota, whatever is free") {
  test_cluster cluster(/*nodes=*/1, cpus(8));
  gate gate(cluster);
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  options.program_name = "modest";
  options.quota = cpus(2);
  auto driver = runtime::or_throw(runtime::cluster::connect(options));

  std::vector<runtime::future<int>> held;
  for (int i = 0; i < 4; ++i)
    held.push_back(driver.submit(held_by, task_options(), gate.file(), i));
  std::string why;
  cluster.wait_until("two are held, and two wait", [&](const cluster_state& state) {
    why = state.queue.empty() ? "" : state.queue.front().why;
    return state.leases.size() == 2 && state.queue.size() == 2;
  });
  CHECK(why == "waits for cpu=1: its owner holds cpu=2 and its quota is cpu=2");
  auto too_much = driver.submit(held_by, task_options().cpus(3), gate.file(), 9);
  const auto refused = too_much.try_get();
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::infeasible);
  CHECK_MESSAGE(refused.error().message.find("wants cpu=3 at once but its owner's quota is cpu=2") != std::string::npos,
                refused.error().message);

  gate.release();
  for (int i = 0; i < 4; ++i)
    CHECK(held[static_cast<std::size_t>(i)].get() == i);
}
