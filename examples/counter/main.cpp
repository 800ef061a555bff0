// A detached, named actor used from several programs: run this twice against one cluster, and the second run goes on
// counting where the first ended.
#include <cstdio>
#include <runtime/cluster.hpp>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>

namespace {

caf::behavior counter(caf::stateful_actor<int>* self) {
  self->state = 0;
  return {
    [self](caf::add_atom, int n) { return self->state += n; },
    [self](caf::get_atom) { return self->state; },
  };
}

const runtime::actor_type counter_type("counter", counter);

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);

  auto hits = session.cluster().spawn(counter_type, runtime::actor_options().name("hits").detached().cpus(0.5));

  std::printf("hits: %d\n", hits.call<int>(caf::add_atom_v, 1).get());
}
