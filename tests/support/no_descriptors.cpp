#include "tests/support/no_descriptors.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace {

/// The lowest number that is free: the limit is about numbers, not about how many there are.
rlim_t lowest_free(pid_t process) {
  const auto all = fmt::format("/proc/{}/fd/", process);
  rlim_t number = 0;
  while (std::filesystem::is_symlink(all + std::to_string(number)))
    ++number;
  return number;
}

} // namespace

no_descriptors::no_descriptors(pid_t process) : process_(process) {
  rlimit none{};
  if (::prlimit(process, RLIMIT_NOFILE, nullptr, &before_) == 0) {
    none = {lowest_free(process), before_.rlim_max};
    if (::prlimit(process, RLIMIT_NOFILE, &none, nullptr) == 0)
      return;
  }
  throw std::runtime_error(
    fmt::format("the limits of process {} cannot be changed: {}", process, std::strerror(errno)));
}

no_descriptors::~no_descriptors() {
  ::prlimit(process_, RLIMIT_NOFILE, &before_, nullptr);
}
