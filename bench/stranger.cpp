#include "bench/stranger.hpp"

#include <csignal>
#include <ctime>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr long second_ns = 1'000'000'000;

void connect_once(std::uint16_t port) {
  const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    static const char garbage[100] = "GET / HTTP/1.1\r\n";
    (void)!::send(to, garbage, sizeof garbage, MSG_NOSIGNAL);
  }
  ::close(to);
}

/// Nothing but system calls: it was forked from a program with threads.
[[noreturn]] void flood(std::uint16_t port, unsigned per_second) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  timespec next{};
  ::clock_gettime(CLOCK_MONOTONIC, &next);
  for (;;) {
    connect_once(port);
    next.tv_nsec += second_ns / per_second;
    if (next.tv_nsec >= second_ns) {
      next.tv_nsec -= second_ns;
      ++next.tv_sec;
    }
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
}

} // namespace

stranger::stranger(std::uint16_t port, unsigned connects_per_second) : process_(::fork()) {
  if (process_ < 0)
    throw std::runtime_error("no child process could be started");
  if (process_ == 0)
    flood(port, connects_per_second);
}

stranger::~stranger() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

} // namespace bench
