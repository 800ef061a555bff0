// A mistake that users make: types that are declared inside of main(), behind runtime::session, where a worker never
// comes.
#include "runtime/cluster.hpp"

#include <cstdio>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

namespace {

caf::behavior echo(caf::stateful_actor<int>*) {
  return {[](int x) { return x; }};
}

const runtime::task_type known("known", [](int x) { return x; });

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  const runtime::task_type late_task("late_task", [](int x) { return x; });
  const runtime::actor_type late_actor("late_actor", echo);
  auto& cluster = session.cluster();

  const auto task = cluster.submit(late_task, 1).try_get();
  std::fprintf(stderr, "%s\n", task ? "it worked" : task.error().message.c_str());
  auto spawned = cluster.spawn(late_actor, {});
  const auto call = spawned.call<int>(1).try_get();
  std::fprintf(stderr, "%s\n", call ? "it worked" : call.error().message.c_str());
  return spawned.call<int>(1).get(); // Nobody catches what it throws.
}
