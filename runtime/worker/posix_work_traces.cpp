#include "runtime/worker/posix_work_traces.hpp"

#include <cerrno>
#include <climits>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace runtime {
namespace {

std::string working_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof path) != nullptr ? path : std::string(); // It may have been removed.
}

bool runs_any_child() {
  siginfo_t ended{};
  while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | __WALL) == 0) {
    if (ended.si_pid == 0)
      return true;
    ended = {};
  }
  return errno != ECHILD;
}

bool is_environment(const std::vector<std::string>& expected) {
  std::size_t n = 0;
  for (auto entry = ::environ; entry != nullptr && *entry != nullptr; ++entry, ++n)
    if (n == expected.size() || expected[n] != *entry)
      return false;
  return n == expected.size();
}

} // namespace

posix_work_traces::posix_work_traces() : directory_(working_directory()), mask_(::umask(0)) {
  ::umask(mask_);
  for (auto entry = ::environ; entry != nullptr && *entry != nullptr; ++entry)
    environment_.emplace_back(*entry);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

std::string posix_work_traces::left() const {
  std::string found;
  const auto note = [&](bool is_so, const char* what) {
    if (is_so)
      found += (found.empty() ? "" : ", ") + std::string(what);
  };
  note(runs_any_child(), "processes that it started still run");
  note(!is_environment(environment_), "the environment was changed");
  note(working_directory() != directory_, "the working directory was changed");
  note(::umask(mask_) != mask_, "the umask was changed"); // Not 0 meanwhile: other threads may make files.
  return found;
}

} // namespace runtime
