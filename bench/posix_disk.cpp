#include "bench/posix_disk.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace bench {
namespace {

/// What is removed when the program ends.
struct leftovers {
  std::vector<std::string> directories;
  ~leftovers() {
    std::error_code ignored;
    for (const auto& each : directories)
      std::filesystem::remove_all(each, ignored);
  }
};

leftovers& of_this_program() {
  static leftovers all;
  return all;
}

} // namespace

scratch_directory::scratch_directory() : path_((std::filesystem::current_path() / "caf-tune-bench-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::runtime_error(path_ + " cannot be made");
  of_this_program().directories.push_back(path_);
}

double bare_trial_directories_per_second(int count) {
  const scratch_directory place;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    const std::filesystem::path trial = place.path() + "/" + std::to_string(i);
    std::filesystem::create_directory(trial);
    for (const char* name : {"params.json", "result.json", "progress.csv", "events", "stdout", "stderr"})
      if (!(std::ofstream(trial / name) << "one line\n").flush())
        throw std::runtime_error(trial.string() + " cannot be written");
  }
  return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
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
