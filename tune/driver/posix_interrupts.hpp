#pragma once

#include <functional>
#include <string>
#include <thread>

namespace tune {

/// While it lives, SIGINT and SIGTERM do not end the process: `told` is called with the signal's name, on a thread of
/// this object. One at a time in a process.
class posix_interrupts {
public:
  explicit posix_interrupts(std::function<void(const std::string& signal)> told);
  ~posix_interrupts();
  posix_interrupts(const posix_interrupts&) = delete;
  posix_interrupts& operator=(const posix_interrupts&) = delete;

private:
  struct handlers;

  std::function<void(const std::string& signal)> told_;
  int pipe_[2] = {-1, -1};
  handlers* before_;
  std::thread thread_;
};

} // namespace tune
