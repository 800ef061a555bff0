// program_with_places ADDRESS-FLAGS: makes sure that a detached actor is alive at each place that $PLACES names (a
// resource of one node each), which is restarted once, and prints the process that answers at each.
#include "runtime/cluster.hpp"

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <unistd.h>

namespace {

caf::behavior inhabitant(caf::event_based_actor*) {
  return {[](caf::get_atom) { return static_cast<std::int32_t>(::getpid()); }};
}
const runtime::actor_type inhabitant_type("inhabitant", inhabitant);

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  std::istringstream places(std::getenv("PLACES"));
  for (std::string place; places >> place;) {
    auto at = session.cluster().spawn(
      inhabitant_type, runtime::actor_options().name(place).detached().max_restarts(1).cpus(0.1).resource(place, 1));
    std::printf("%s %d\n", place.c_str(), static_cast<int>(at.call<std::int32_t>(caf::get_atom_v).get()));
  }
}
