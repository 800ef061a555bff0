#include "bench/posix_disk.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace bench {

scratch_directory::scratch_directory() : path_((std::filesystem::current_path() / "caf-tune-bench-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::runtime_error(path_ + " cannot be made");
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

double bare_syncs_per_second(int count) {
  const scratch_directory place;
  const int file = ::open((place.path() + "/bare").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string bytes(120, 'x');
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0)
      throw std::runtime_error(place.path() + " cannot be written");
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  ::close(file);
  return count / took;
}

} // namespace bench
