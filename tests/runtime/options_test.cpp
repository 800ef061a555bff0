#include "runtime/options.hpp"

#include <climits>

#include <doctest/doctest.h>

using runtime::actor_options;
using runtime::amount;
using runtime::errc;
using runtime::placement_kind;
using runtime::task_options;

namespace {

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const runtime::failure& why) {
    CHECK(why.why.code == errc::invalid_argument);
    return why.what();
  }
  return "nothing was thrown";
}

} // namespace

TEST_CASE("options: by default a task takes a cpu and is retried, an actor takes a cpu and is not restarted") {
  const task_options task;
  CHECK(task.wants().resources == runtime::cpus(1));
  CHECK(task.retries() == 3);
  CHECK(task.most_in_flight() == 1'000);
  CHECK(task.group() == runtime::group_id{});

  const actor_options actor;
  CHECK(actor.wants().resources == runtime::cpus(1));
  CHECK(actor.max_restarts() == 0);
  CHECK(actor.name().empty());
  CHECK(!actor.is_detached());
  CHECK(!actor.gets_if_exists());
}

TEST_CASE("options: what is said is what is asked for, and what is said last counts") {
  const auto task = task_options()
                      .cpus(4)
                      .cpus(2)
                      .gpus(0.5)
                      .memory("4GiB")
                      .resource("licence", 3)
                      .label("disk", "ssd")
                      .prefer_label("zone", "a")
                      .avoid_node("b")
                      .priority(-7)
                      .wait_for_nodes()
                      .environment("A", "1")
                      .environment("A", "2=3")
                      .in(runtime::group_id{9}, 4)
                      .retries(-1)
                      .most_in_flight(5);

  const auto& wants = task.wants();
  CHECK(wants.resources.get("cpu") == amount::whole(2));
  CHECK(wants.resources.get("gpu").to_double() == 0.5);
  CHECK(wants.resources.get("memory") == amount::whole(std::int64_t{4} << 30));
  CHECK(wants.resources.get("licence") == amount::whole(3));
  CHECK(wants.required_labels == runtime::label_map{{"disk", "ssd"}});
  CHECK(wants.preferred_labels == runtime::label_map{{"zone", "a"}});
  CHECK(wants.avoided_node == "b");
  CHECK(wants.priority == -7);
  CHECK(wants.waits_for_nodes);
  CHECK(task.environment() == std::map<std::string, std::string>{{"A", "2=3"}});
  CHECK(task.group() == runtime::group_id{9});
  CHECK(task.bundle() == 4);
  CHECK(task.retries() == -1);
  CHECK(task.most_in_flight() == 5);

  auto other = runtime::cpus(3);
  CHECK(task_options().gpus(1).resources(other).wants().resources == other);
}

TEST_CASE("options: of the ways to choose a node the last one counts, whole") {
  CHECK(task_options().wants().placement.kind == placement_kind::hybrid);
  const auto near = task_options().on_node("a").near_node("b").wants().placement;
  CHECK(near.kind == placement_kind::node);
  CHECK(near.node_name == "b");
  CHECK(near.soft);
  const auto on = task_options().near_node("b").on_node("a").wants().placement;
  CHECK(on.node_name == "a");
  CHECK(!on.soft);
  const auto pack = task_options().near_node("b").spread().pack().wants().placement;
  CHECK(pack == runtime::placement_strategy{placement_kind::pack, {}, false});
}

TEST_CASE("options: a detached actor is had by its name if it is there") {
  CHECK(actor_options().detached().gets_if_exists());
  CHECK(actor_options().get_if_exists().gets_if_exists());
  CHECK(!actor_options().get_if_exists().is_detached());
}

TEST_CASE("options: what cannot be is refused where it is said") {
  CHECK(message_of([] { task_options().cpus(-1); }) == "cpu: -1 is not an amount; use 0 to 1e14 in steps of 0.0001");
  CHECK(message_of([] { task_options().memory("much"); }).find("memory: ") == 0);
  CHECK(message_of([] { task_options().resource("", 1); }) != "nothing was thrown");
  CHECK(message_of([] { task_options().retries(-2); }) == "retries: -2; use 0 or more, or -1 for no limit");
  CHECK(message_of([] { actor_options().max_restarts(INT_MIN); }) ==
        "max_restarts: -2147483648; use 0 or more, or -1 for no limit");
  CHECK(message_of([] { task_options().most_in_flight(0); }) ==
        "most_in_flight: with 0 nothing would ever run; use 1 or more");
  CHECK(message_of([] { task_options().on_node(""); }) ==
        "on_node: the node's name is empty; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { task_options().avoid_node(""); }) ==
        "avoid_node: the node's name is empty; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { task_options().near_node(""); }) ==
        "near_node: the node's name is empty; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { actor_options().name(""); }) == "name: the actor's name is empty; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { actor_options().name("a\xff"); }) ==
        "name: the actor's name \"a\xEF\xBF\xBD\" is not UTF-8; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { actor_options().name(std::string(256, 'a')); }) ==
        "name: the actor's name has 256 bytes; use 1 to 255 bytes of UTF-8");
  CHECK(actor_options().name(std::string(255, 'a')).name().size() == 255);
  CHECK(message_of([] { task_options().label("", "ssd"); }) ==
        "label: the label's name is empty; use 1 to 255 bytes of UTF-8");
  CHECK(message_of([] { task_options().prefer_label("\xff", "ssd"); }) ==
        "prefer_label: the label's name \"\xEF\xBF\xBD\" is not UTF-8; use 1 to 255 bytes of UTF-8");
  for (const std::string name : {"", "A=B"})
    CHECK(message_of([&] { task_options().environment(name, "x"); }) ==
          "environment: \"" + name +
            "\" cannot be set; a name has no \"=\" and is not empty, and neither it nor its value has a zero byte");
  CHECK(message_of([] { task_options().environment("A", std::string(1, '\0')); }) != "nothing was thrown");
}
