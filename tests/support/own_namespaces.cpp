#include "tests/support/own_namespaces.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/node/posix_descriptor.hpp"

namespace {

bool write_file(const char* file, const std::string& text) {
  const runtime::posix_descriptor to(::open(file, O_WRONLY | O_CLOEXEC));
  return to && ::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// As root of a user namespace of its own, where this process is not root already.
bool has_left_the_common_ones() {
  constexpr int both = CLONE_NEWNS | CLONE_NEWNET;
  const auto user = std::to_string(::getuid()), group = std::to_string(::getgid());
  return ::unshare(both) == 0 ||
         (::unshare(CLONE_NEWUSER | both) == 0 && write_file("/proc/self/uid_map", "0 " + user + " 1") &&
          write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/gid_map", "0 " + group + " 1"));
}

bool has_loopback() {
  const runtime::posix_descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &loopback) != 0)
    return false;
  loopback.ifr_flags = static_cast<short>(loopback.ifr_flags | IFF_UP);
  return ::ioctl(socket.get(), SIOCSIFFLAGS, &loopback) == 0;
}

std::string enter() {
  const auto failed = [](const char* what) { return fmt::format("{}: {}", what, std::strerror(errno)); };
  if (!has_left_the_common_ones())
    return failed("no mounts and network of its own");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return failed("mounts cannot be made its own");
  return has_loopback() ? std::string() : failed("its network has no loopback");
}

} // namespace

const std::string& enter_own_namespaces() {
  static const std::string why_not = enter();
  return why_not;
}
