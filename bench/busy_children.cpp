#include "bench/busy_children.hpp"

#include <csignal>
#include <stdexcept>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

[[noreturn]] void compute() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (volatile unsigned n = 0;;)
    n = n + 1;
}

} // namespace

busy_children::busy_children(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const auto child = ::fork();
    if (child < 0)
      throw std::runtime_error("no child process could be started");
    if (child == 0)
      compute();
    children_.push_back(child);
  }
}

busy_children::~busy_children() {
  for (const auto child : children_) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

} // namespace bench
