#include "runtime/program_registry.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <doctest/doctest.h>

using runtime::errc;
using runtime::program_registry;

namespace {

[[nodiscard]] runtime::result<caf::actor> no_actor(caf::actor_system&, std::string_view) {
  return runtime::fail(errc::refused, "not made here");
}

[[nodiscard]] runtime::result<std::string> repeat(std::string_view arguments) {
  return std::string(arguments) + std::string(arguments);
}

} // namespace

TEST_CASE("program registry: what was added is found under its name, each kind by itself") {
  program_registry registry;
  registry.add_task("twice", repeat);
  registry.add_actor("twice", no_actor); // A task and an actor may have one name.

  REQUIRE(registry.check());
  const auto task = registry.task("twice");
  REQUIRE(task);
  CHECK((*task)("ab").value() == "abab");
  CHECK(registry.actor("twice"));
}

TEST_CASE("program registry: what is not there is told beside what is") {
  program_registry registry;
  const auto none = registry.task("twice");
  REQUIRE(!none);
  CHECK(none.error().code == errc::not_found);
  CHECK(none.error().message == "the program has no task type \"twice\"; it declares none");

  registry.add_task("one", repeat);
  registry.add_task("another", repeat);
  registry.add_actor("counter", no_actor);
  CHECK(registry.task("twice").error().message == "the program has no task type \"twice\"; it declares another, one");
  CHECK(registry.actor("one").error().message == "the program has no actor type \"one\"; it declares counter");
}

TEST_CASE("program registry: every mistake at namespace scope is told at once") {
  program_registry registry;
  registry.add_task("twice", repeat);
  registry.add_task("twice", [](std::string_view) { return std::string("the second"); });
  registry.add_actor("", no_actor);
  registry.add_message("fold", [](caf::actor_system_config&) {});
  registry.add_message("fold", [](caf::actor_system_config&) {});

  const auto wrong = registry.check();

  REQUIRE(!wrong);
  CHECK(wrong.error().code == errc::invalid_argument);
  CHECK(wrong.error().message == "task type \"twice\": this program declares the name twice\n"
                                 "actor type: its name is empty\n"
                                 "message type \"fold\": this program declares the name twice");
  CHECK(registry.task("twice").value()("a").value() == "aa"); // The first one.
}

TEST_CASE("program registry: each message type is made known to the actor system, once") {
  program_registry registry;
  int first = 0, second = 0;
  registry.add_message("first", [&](caf::actor_system_config&) { ++first; });
  registry.add_message("first", [&](caf::actor_system_config&) { first += 100; });
  registry.add_message("second", [&](caf::actor_system_config&) { ++second; });
  caf::actor_system_config config;

  registry.add_messages_to(config);

  CHECK(first == 1);
  CHECK(second == 1);
}
