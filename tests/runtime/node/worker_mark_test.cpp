#include "runtime/node/worker_mark.hpp"

#include <doctest/doctest.h>

using namespace runtime;

TEST_CASE("worker mark: is found in a list, and no other one for it") {
  const auto node = mark_of_node(node_id(7), incarnation(3));
  const auto list = add_mark(add_mark("", "outer.1"), mark_of_worker(node, worker_id(12)));

  CHECK(list == "outer.1:0000000000000007.0000000000000003.12");
  CHECK(has_mark(list, mark_of_worker(node, worker_id(12))));
  CHECK(has_mark(list, "outer.1"));
  CHECK_FALSE(has_mark(list, mark_of_worker(node, worker_id(1))));
  CHECK_FALSE(has_mark(list, "outer"));
  CHECK_FALSE(has_mark("", "outer"));
}

TEST_CASE("worker mark: says of which node it is, whatever its start") {
  const auto mark = mark_of_worker(mark_of_node(node_id(7), incarnation(3)), worker_id(12));

  CHECK(has_mark_of_node(add_mark("outer.1", mark), mark_of_node(node_id(7))));
  CHECK_FALSE(has_mark_of_node(mark, mark_of_node(node_id(3))));
}
