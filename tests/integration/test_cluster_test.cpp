#include "runtime/test_cluster.hpp"

#include <cstdio>
#include <set>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace std::chrono_literals;
using runtime::cpus;
using runtime::errc;
using runtime::test_cluster;

namespace {

const runtime::task_type pid_of_worker("pid_of_worker", [](int) { return static_cast<int>(::getpid()); });

template <class Function>
runtime::error error_of(Function function) {
  try {
    function();
  } catch (const runtime::failure& why) {
    return why.why;
  }
  FAIL("nothing was thrown");
  return {};
}

std::string address_of(const runtime::cluster_state& state, const std::string& name) {
  for (const auto& node : state.nodes)
    if (node.name == name)
      return node.address;
  return {};
}

} // namespace

TEST_CASE("test cluster: a node's name is given once, to a node that can have it") {
  test_cluster cluster(/*nodes=*/1, cpus(1));

  const auto taken = error_of([&] { cluster.add_node({{}, {}, "node-1"}); });
  CHECK(taken.code == errc::already_exists);
  CHECK(taken.message == "node \"node-1\": this test cluster has a node of this name already; choose another, or leave "
                         "it empty");
  CHECK(error_of([&] { cluster.add_node({{}, {}, "head"}); }).code == errc::already_exists);

  const auto bad = error_of([&] { cluster.add_node({{}, {}, "node 2"}); });
  CHECK(bad.code == errc::invalid_argument);
  CHECK(bad.message == "\"node 2\" is not a node's name; use 1 to 63 characters without spaces");
  CHECK(error_of([&] {
          cluster.add_node({{}, {{"disk", "s s d"}}, {}});
        }).message == "\"s s d\" is not a label's value; use 1 to 63 characters without spaces");
  CHECK(error_of([&] { cluster.kill_node("node-7"); }).message ==
        "there is no node \"node-7\" in this test cluster; it has node-1");
}

TEST_CASE("test cluster: a name with a slash is no path") {
  test_cluster cluster(/*nodes=*/0);

  CHECK(cluster.add_node({cpus(1), {}, "../../rack-1/7"}) == "../../rack-1/7");
  CHECK(cluster.driver().map(pid_of_worker, std::vector<int>{1}).size() == 1);
}

TEST_CASE("test cluster: names that a test chose are passed over by those that are numbered") {
  test_cluster cluster(/*nodes=*/0, cpus(1));
  cluster.add_node({{}, {}, "node-2"});

  CHECK(cluster.add_node() == "node-1");
  CHECK(cluster.add_node() == "node-3");
  CHECK(cluster.nodes() == std::vector<std::string>{"node-1", "node-2", "node-3"});
}

TEST_CASE("test cluster: a node that was killed, or drained, is started again under its name") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  const auto first = address_of(runtime::or_throw(cluster.driver().state()), "node-1");

  cluster.kill_node("node-1");
  CHECK(cluster.nodes().empty());
  CHECK(cluster.add_node({{}, {}, "node-1"}) == "node-1");
  const auto second = address_of(runtime::or_throw(cluster.driver().state()), "node-1");
  CHECK(second != first);
  CHECK(cluster.driver().map(pid_of_worker, std::vector<int>{1}).size() == 1);

  cluster.drain_node("node-1");
  CHECK(cluster.add_node({{}, {}, "node-1"}) == "node-1");
  CHECK(address_of(runtime::or_throw(cluster.driver().state()), "node-1") != second);
}

TEST_CASE("test cluster: a node that ends before it has joined is not waited for, and says why") {
  test_cluster cluster(/*nodes=*/0, cpus(1));
  REQUIRE(std::remove(cluster.token_file().c_str()) == 0);

  const auto why = error_of([&] { cluster.add_node(); });

  CHECK(why.code == errc::node_lost);
  CHECK(why.message.find("node \"node-1\" joins: its process has ended; its log:\n") == 0);
  CHECK(why.message.find("token file " + cluster.token_file() + " does not exist") != std::string::npos);
  CHECK(cluster.log_of("node-1").find("does not exist") != std::string::npos);
  CHECK(cluster.log_of("node-7").empty());
}

TEST_CASE("test cluster: what does not come is an error with what the head knows") {
  test_cluster cluster(/*nodes=*/1, cpus(1));

  const auto why = error_of([&] {
    cluster.wait_until(
      "never", [](const runtime::cluster_state&) { return false; }, 50ms);
  });

  CHECK(why.code == errc::timed_out);
  CHECK(why.message.find("never: not within 50 ms; the head knows:\n") == 0);
  CHECK(why.message.find("  node \"node-1\" is alive: ") != std::string::npos);
  CHECK(why.message.find("log of node-1:\n") != std::string::npos);
  for (const auto absurd : {-1ms, std::chrono::milliseconds::max()})
    CHECK(error_of([&] {
            cluster.wait_until(
              "it", [](const runtime::cluster_state&) { return true; }, absurd);
          }).code == errc::invalid_argument);
}

TEST_CASE("test cluster: a node that was stopped and goes on is the same node, and works") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  const auto before = address_of(runtime::or_throw(cluster.driver().state()), "node-1");

  cluster.stop_node("node-1");
  cluster.wait_for_no_node("node-1");
  CHECK(address_of(runtime::or_throw(cluster.driver().state()), "head") != ""); // It beats, too.
  cluster.continue_node("node-1");
  cluster.wait_for_node("node-1");

  CHECK(address_of(runtime::or_throw(cluster.driver().state()), "node-1") == before);
  CHECK(cluster.driver().map(pid_of_worker, std::vector<int>{1}).size() == 1);
}
