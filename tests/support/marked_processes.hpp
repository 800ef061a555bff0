#pragma once

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <system_error>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The processes of this machine that were started with this "NAME=value" in their environment, by /proc; what they
/// have started has it too. No zombies.
inline std::set<pid_t> processes_with(const std::string& variable) {
  std::set<pid_t> all;
  std::error_code gone; // One that ends meanwhile.
  for (const auto& each : std::filesystem::directory_iterator("/proc", gone)) {
    const auto name = each.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    std::ifstream file(each.path() / "environ", std::ios::binary);
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (('\0' + environment).find('\0' + variable + '\0') != std::string::npos)
      all.insert(static_cast<pid_t>(std::stol(name)));
  }
  return all;
}

/// Waits until a process has ended, also as a zombie; returns whether it has.
inline bool ends_within(pid_t process, std::chrono::milliseconds patience) {
  const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (descriptor < 0)
    return errno == ESRCH;
  pollfd ended{descriptor, POLLIN, 0};
  const bool in_time = ::poll(&ended, 1, static_cast<int>(patience.count())) > 0;
  ::close(descriptor);
  return in_time;
}

/// Those of processes_with() that have not ended when one of them was given this time for it; empty: none is left.
inline std::set<pid_t> left_after(std::chrono::milliseconds patience, const std::string& variable) {
  auto left = processes_with(variable);
  while (!left.empty() && ends_within(*left.begin(), patience))
    left = processes_with(variable); // Some may have started others.
  return left;
}
