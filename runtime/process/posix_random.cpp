#include "runtime/process/posix_random.hpp"

#include <random>

namespace runtime {

std::uint64_t random_number() {
  static thread_local std::random_device device; // On Linux the operating system's own source.
  return std::uint64_t{device()} << 32 | device();
}

} // namespace runtime
