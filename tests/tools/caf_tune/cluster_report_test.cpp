#include "tools/caf_tune/cluster_report.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace runtime;

namespace {

resource_set parsed(const char* text) {
  return or_throw(resource_set::parse(text));
}

cluster_state busy_cluster() {
  cluster_state state;
  state.head = "10.0.0.1:6390";
  state.version = "1.2.3";
  state.nodes.push_back({node_id{1},
                         "big",
                         "10.0.0.2:4000",
                         "alive",
                         parsed("cpu=8,gpu=2,memory=16GiB,licence=3"),
                         parsed("cpu=2,gpu=0.5"),
                         {{"disk", "ssd"}, {"zone", "a"}}});
  state.leases.push_back({lease_id{17}, "digits", "big", parsed("cpu=2,gpu=0.5"), "held"});
  state.queue.push_back({"digits", parsed("cpu=16"), "fits on no node", std::chrono::milliseconds(2500)});
  state.queue_together.push_back({state.queue[0], 1});
  actor_record dead;
  dead.name = "counter";
  dead.type_name = "counter_type";
  dead.owner = detached_owner;
  dead.state = actor_state::dead;
  dead.node_name = "big";
  dead.restarts = 3;
  dead.why_dead = {errc::worker_lost, "worker exited with code 1"};
  dead.resources = parsed("cpu=0.5");
  actor_record alive;
  alive.type_name = "trial";
  alive.owner = owner_id{0xabc};
  alive.state = actor_state::alive;
  alive.node_name = "big";
  alive.process_id = 4711;
  state.actors = {dead, alive};
  state.lease_count = state.queue_count = state.queue_together_count = 1;
  state.actor_count = 2;
  state.living_actor_count = 1;
  return state;
}

} // namespace

TEST_CASE("cluster report: the JSON of a status has the fields that scripts rely on, amounts as numbers") {
  const auto document = tools::status_json(busy_cluster());

  CHECK(document == nlohmann::ordered_json::parse(R"({
    "head": "10.0.0.1:6390", "version": "1.2.3",
    "nodes": [{"name": "big", "address": "10.0.0.2:4000", "state": "alive",
               "total": {"cpu": 8, "gpu": 2, "memory": 17179869184, "licence": 3}, "used": {"cpu": 2, "gpu": 0.5},
               "labels": {"disk": "ssd", "zone": "a"}}],
    "queue": [{"owner": "digits", "wants": {"cpu": 16}, "why": "fits on no node", "waited_ms": 2500}],
    "queue_count": 1,
    "queue_together": [{"owner": "digits", "wants": {"cpu": 16}, "why": "fits on no node", "count": 1,
                        "waited_ms": 2500}]})"));
  CHECK(document["nodes"] == tools::nodes_json(busy_cluster()));
  CHECK(document["nodes"][0]["total"]["cpu"].dump() == "8"); // Not 8.0.
}

TEST_CASE("cluster report: the JSON of actors and of leases") {
  CHECK(tools::actors_json(busy_cluster()) == nlohmann::ordered_json::parse(R"([
    {"name": "counter", "type": "counter_type", "state": "dead", "node": "big", "owner": "detached", "restarts": 3,
     "process_id": 0, "resources": {"cpu": 0.5}, "why": "worker exited with code 1"},
    {"name": "", "type": "trial", "state": "alive", "node": "big", "owner": "0000000000000abc", "restarts": 0,
     "process_id": 4711, "resources": {}, "why": ""}])"));
  CHECK(tools::leases_json(busy_cluster()) == nlohmann::ordered_json::parse(R"([
    {"lease": 17, "owner": "digits", "node": "big", "resources": {"cpu": 2, "gpu": 0.5}, "state": "held"}])"));
}

TEST_CASE("cluster report: an empty cluster is empty lists, never null") {
  CHECK(tools::status_json({}).dump() ==
        R"({"head":"","version":"","nodes":[],"queue":[],"queue_count":0,"queue_together":[]})");
  CHECK(tools::actors_json({}).dump() == "[]");
  CHECK(tools::leases_json({}).dump() == "[]");
}

TEST_CASE("cluster report: for people, a status is a line, the nodes, and the queue where there is one") {
  auto state = busy_cluster();
  CHECK(tools::status_text(state) ==
        "cluster at 10.0.0.1:6390, caf-tune 1.2.3: 1 node, 1 lease, 1 actor, 1 waiting\n"
        "\n"
        "NODE  ADDRESS        STATE  USED/TOTAL                                    LABELS\n"
        "big   10.0.0.2:4000  alive  cpu=2/8 gpu=0.5/2 memory=0/16GiB licence=0/3  disk=ssd zone=a\n"
        "\n"
        "OWNER   WANTS   COUNT  WAITED  WHY\n"
        "digits  cpu=16  1      2 s     fits on no node\n");

  state.queue_together[0].count = 10'000; // Equal demands are one row.
  state.queue_count = 100'100;
  state.queue_together_count = 91;
  const auto large = tools::status_text(state);
  CHECK(large.find("1 actor, 100,100 waiting\n") != std::string::npos);
  CHECK(large.find("digits  cpu=16  10,000  2 s     fits on no node\nand 90 more\n") != std::string::npos);
  state.queue_together.clear();
  CHECK(tools::status_text(state).find("OWNER") == std::string::npos);
}

TEST_CASE("cluster report: for people, actors and leases are tables") {
  CHECK(
    tools::actors_text(busy_cluster()) ==
    "ACTOR    TYPE          STATE  NODE  OWNER             RESTARTS  PROCESS  RESOURCES  WHY\n"
    "counter  counter_type  dead   big   detached          3         -        cpu=0.5    worker exited with code 1\n"
    "-        trial         alive  big   0000000000000abc  0         4711     nothing    -\n");
  CHECK(tools::leases_text(busy_cluster()) == "LEASE  OWNER   NODE  RESOURCES      STATE\n"
                                              "17     digits  big   cpu=2 gpu=0.5  held\n");
  auto crowded = busy_cluster();
  crowded.lease_count = 1'001;
  CHECK(tools::leases_text(crowded).find("held\nand 1,000 more\n") != std::string::npos);
}
