#include "tests/support/no_descriptors.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>
#include <unistd.h>

no_descriptors::no_descriptors(pid_t process) : process_(process) {
  rlimit none{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &before_) == 0) {
    none = {STDERR_FILENO + 1, before_.rlim_max}; // New ones have numbers below that, and those are taken for good.
    if (::prlimit(process, RLIMIT_NOFILE, &none, nullptr) == 0)
      return;
  }
  throw std::runtime_error(
    fmt::format("the limits of process {} cannot be changed: {}", process, std::strerror(errno)));
}

no_descriptors::~no_descriptors() {
  ::prlimit(process_, RLIMIT_NOFILE, &before_, nullptr);
}
