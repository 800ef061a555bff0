// Spawns an actor, of $HELD_CPUS or 1.5 cpus, that writes the id of its process into $HELD_FILE when it lives, and
// holds it until it is killed.
#include "runtime/cluster.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <caf/stateful_actor.hpp>

namespace {

caf::behavior holder(caf::stateful_actor<int>*) {
  return {[](int) { return static_cast<int>(::getpid()); }};
}
const runtime::actor_type holder_type("holder", holder);

} // namespace

int main(int argc, char** argv) {
  runtime::session session(argc, argv);
  const char* cpus = std::getenv("HELD_CPUS");
  auto held = session.cluster().spawn(
    holder_type, runtime::actor_options().cpus(cpus != nullptr ? std::atof(cpus) : 1.5).name("held"));
  const int process = [&] {
    try {
      return held.call<int>(0).get();
    } catch (const runtime::failure& why) {
      std::fprintf(stderr, "program_that_holds: %s\n", why.what());
      std::exit(1);
    }
  }();
  const std::string file = std::getenv("HELD_FILE");
  if (auto* out = std::fopen((file + ".new").c_str(), "w"); out != nullptr) {
    std::fprintf(out, "%d\n", process);
    std::fclose(out);
  }
  if (std::rename((file + ".new").c_str(), file.c_str()) != 0)
    return 1;
  for (;;)
    ::pause();
}
