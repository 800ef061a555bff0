#include <string>

#include <doctest/doctest.h>

#include "tests/integration/fault_cluster.hpp"
#include "tests/integration/fault_tasks.hpp"
#include "tests/support/if_possible.hpp"
#include "tests/support/network_link.hpp"

// A node in a network of its own, whose link to the head and the driver loses what is sent.

namespace {

/// A node over there, another one here.
struct divided_cluster {
  explicit divided_cluster(const network_link& link) : cluster({link.our_host(), {}, {}}) {
    cluster.start_node("far", {link.their_host(), link.over_there(), {}});
    cluster.start_node("near", {link.our_host(), {}, {}});
  }
  fault_cluster cluster;
};

/// Loses by `lose` what is sent while a task runs over there; it must run here then, and never in two places.
void check_partition(void (network_link::*lose)()) {
  const auto link = if_possible<network_link>();
  if (!link)
    return;
  divided_cluster divided(*link);
  auto& cluster = divided.cluster;
  posix_fifo signs;
  auto task = cluster.driver().submit(stays, on_nodes("far").retries(1), signs.path());
  const auto first = read_sign(signs);
  REQUIRE(first.node == "far");

  ((*link).*lose)();
  const auto second = read_sign(signs);

  CHECK(second.node == "near");
  CHECK(second.earlier == 0); // Its worker was killed before, by a node that nobody could tell anything.
  CHECK_FALSE(is_running(first.process));
  cluster.node("far").wait_for_error("node cut off from the cluster");

  link->restore();
  cluster.node("far").wait_for_error("node heard again");
  CHECK(run_on(cluster.driver(), "far") == "far"); // It is the same node, and of use again.
  CHECK(ends_with(task, second.process));
}

} // namespace

TEST_CASE(
  "partition: what runs on a node that is cut off runs elsewhere, and there no more; healed, the node is back") {
  check_partition(&network_link::lose_all);
}

TEST_CASE("partition: the same where only the node is not heard any more") {
  check_partition(&network_link::lose_theirs);
}

TEST_CASE("partition: the same where only the node hears nobody any more") {
  check_partition(&network_link::lose_ours);
}
