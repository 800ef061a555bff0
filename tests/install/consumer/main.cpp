// What a program outside the tree looks like: an actor and a task on an embedded cluster.
#include <iostream>
#include <vector>

#include <runtime/base/version.hpp>
#include <runtime/cluster.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

namespace {

caf::behavior counter(caf::stateful_actor<int>* self) {
  self->state = 0;
  return {[self](caf::add_atom, int n) { return self->state += n; }};
}

const runtime::actor_type counter_type("counter", counter);
const runtime::task_type square("square", [](int x) { return x * x; });

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  auto& cluster = session.cluster();

  auto hits = cluster.spawn(counter_type, runtime::actor_options().cpus(0.5));
  hits.call<int>(caf::add_atom_v, 1).get();
  std::cout << hits.call<int>(caf::add_atom_v, 2).get() << '\n';

  const char* between = "";
  for (const int value : cluster.map(square, std::vector<int>{1, 2, 3})) {
    std::cout << between << value;
    between = " ";
  }
  std::cout << '\n';
}
