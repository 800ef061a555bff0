#include "runtime/process/file_scratch_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/filesystem/operations.hpp>
#include <fmt/format.h>

namespace runtime {
namespace {

namespace files = boost::filesystem;

constexpr std::size_t chance = 6; // Characters that mkdtemp() chooses.

std::string lock_file_of(const std::string& directory) {
  return directory + "/.owner";
}

/// Whether the directory is one of ours whose process has ended. What has no lock file is somebody else's, or just
/// made.
bool is_left_behind(const std::string& directory) {
  struct stat about {};
  if (::lstat(directory.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != ::geteuid())
    return false;
  const posix_descriptor lock(::open(lock_file_of(directory).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
}

void sweep(const std::string& base, const std::string& name) {
  const auto first = name + '-';
  std::vector<std::string> ended;
  boost::system::error_code failed;
  for (files::directory_iterator each(base, failed), end; !failed && each != end; each.increment(failed)) {
    const auto file = each->path().filename().string();
    if (file.size() == first.size() + chance && file.compare(0, first.size(), first) == 0 &&
        is_left_behind(each->path().string()))
      ended.push_back(each->path().string());
  }
  for (const auto& directory : ended)
    files::remove_all(directory, failed); // Another process may be doing so, too.
}

/// The lock appears with its owner: it is taken under another name.
posix_descriptor take_lock(const std::string& directory) {
  const auto file = lock_file_of(directory);
  posix_descriptor lock(::open((file + ".new").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0 || ::rename((file + ".new").c_str(), file.c_str()) != 0)
    return {};
  return lock;
}

} // namespace

result<scratch_directory> scratch_directory::make(const std::string& name) {
  const char* set = std::getenv("TMPDIR");
  const std::string base = set && *set ? set : "/tmp";
  sweep(base, name);
  std::string path = fmt::format("{}/{}-XXXXXX", base, name);
  const auto cannot = [&](const char* what) {
    return fail(errc::io, fmt::format("{}: cannot make {}: {}; set TMPDIR to a directory that can be written", path,
                                      what, std::strerror(errno)));
  };
  if (::mkdtemp(path.data()) == nullptr)
    return cannot("a directory");
  auto lock = take_lock(path);
  if (!lock)
    return cannot("a lock file");
  return scratch_directory(std::move(path), std::move(lock));
}

scratch_directory::scratch_directory(scratch_directory&& other) noexcept
  : path_(std::exchange(other.path_, {})),
    lock_(std::move(other.lock_)) {
}

scratch_directory::~scratch_directory() {
  boost::system::error_code ignored; // A worker that is just being killed may still hold a file.
  if (!path_.empty())
    files::remove_all(path_, ignored);
}

} // namespace runtime
